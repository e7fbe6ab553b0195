"""What proxies, platforms, frameworks and portals write on their pages, copied."""

from __future__ import annotations

APACHE_503 = (
    '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n'
    "<title>503 Service Unavailable</title>\n</head><body>\n<h1>Service Unavailable</h1>\n"
    "<p>The server is temporarily unable to service your\nrequest due to maintenance downtime or "
    "capacity\nproblems. Please try again later.</p>\n</body></html>\n"
)
APACHE_502 = (
    "<html><head><title>502 Proxy Error</title></head><body><h1>Proxy Error</h1>\n<p>The proxy "
    "server received an invalid\nresponse from an upstream server.<br />\nThe proxy server could "
    "not handle the request<p>Reason: <strong>Error reading from remote server</strong></p></p>"
    "</body></html>"
)
VARNISH = (
    "<!DOCTYPE html><html><head><title>503 Backend fetch failed</title></head><body><h1>Error 503 "
    "Backend fetch failed</h1><p>Backend fetch failed</p><h3>Guru Meditation:</h3><p>XID: 32770"
    "</p><hr><p>Varnish cache server</p></body></html>"
)
HEROKU = (
    "<!DOCTYPE html><html><head><title>Application Error</title><style>iframe{border:0}</style>"
    '</head><body><iframe src="//www.herokucdn.com/error-pages/application-error.html"></iframe>'
    "</body></html>"
)
HEROKU_OFF = HEROKU.replace("application-error", "maintenance-mode").replace(
    "Application Error", "Offline for Maintenance"
)
CLOUDFLARE_521 = (
    "<!DOCTYPE html><html><head><title>app.example.com | 521: Web server is down</title></head>"
    '<body><div id="cf-wrapper"><h1>Web server is down</h1><span>Error code 521</span></div>'
    "</body></html>"
)
CLOUDFLARE_524 = CLOUDFLARE_521.replace("521", "524").replace(
    "Web server is down", "A timeout occurred"
)
CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><noscript>Enable "
    "JavaScript and cookies to continue</noscript><script src=/cdn-cgi/challenge-platform/h/b/"
    "orchestrate/chl_page/v1></script></body></html>"
)
AKAMAI = (
    "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n \nYou "
    'don\'t have permission to access "http&#58;&#47;&#47;app&#46;example&#46;com" on this server.'
    "<P>\nReference&#32;&#35;18&#46;2d0\n</BODY>\n</HTML>"
)
CLOUDFRONT_403 = (
    "<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>\n<H1>403 "
    "ERROR</H1>\nRequest blocked. We can't connect to the server for this app or website at this "
    "time. There might be too much traffic or a configuration error.</BODY></HTML>"
)
FLASK_404 = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The "
    "requested URL was not found on the server. If you entered the URL manually please check your "
    "spelling and try again.</p>\n"
)
WHITELABEL = (
    "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for "
    "/error, so you are seeing this as a fallback.</p><div>There was an unexpected error (type="
    "Not Found, status=404).</div></body></html>"
)
IIS_404 = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"><html><head><title>404 - File or '
    'directory not found.</title></head><body><div id="header"><h1>Server Error</h1></div><h2>404 '
    "- File or directory not found.</h2></body></html>"
)
WELCOME = (
    "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title></head>\n<body>\n<h1>Welcome "
    "to nginx!</h1>\n<p>If you see this page, the nginx web server is successfully installed and "
    "working. Further configuration is required.</p></body></html>"
)
VITE = (
    '<!doctype html><html lang="en"><head><meta charset="UTF-8"/><script type="module" '
    'crossorigin src="/assets/index-BvNq1.js"></script></head><body><div id="app"></div></body>'
    "</html>"
)
CRA = (
    '<!doctype html><html><head><title>React App</title><script defer="defer" src="/static/js/'
    'main.1c2.js"></script></head><body><noscript>You need to enable JavaScript to run this app.'
    '</noscript><div id="root"></div></body></html>'
)
APP_LOGIN = (
    '<!doctype html><html><head><title>Acme</title><script src="/_next/static/chunks/main.js">'
    '</script></head><body><div id="__next"><form action="/login"><input type="password"></form>'
    "</div></body></html>"
)
NEXT_404 = (
    '<!DOCTYPE html><html><head><title>404: This page could not be found</title><script src="'
    '/_next/static/chunks/pages/_error.js" defer></script></head><body><div id="__next"><h1>404'
    "</h1><h2>This page could not be found.</h2></div></body></html>"
)
BLOG = (
    "<!DOCTYPE html><html><head><title>Acme – Products for people</title></head><body><nav>Home "
    "About Contact</nav><h1>Welcome</h1><p>We offer free Wi-Fi routers and accessories.</p></body>"
    "</html>"
)
PORTAL_META = (
    '<HTML><HEAD><META HTTP-EQUIV="refresh" CONTENT="0; URL=http://192.168.88.1/login?dst=http%3A">'
    '<META HTTP-EQUIV="pragma" CONTENT="no-cache"></HEAD><BODY></BODY></HTML>'
)
PORTAL_SCRIPT = (
    "<html><head><script>window.location.href='http://10.0.0.1:8002/index.php?zone=guests&redirurl="
    "'+location;</script></head><body>Redirecting</body></html>"
)
PORTAL_VOUCHER = (
    "<!DOCTYPE html><html><head><title>Guest access</title></head><body><h1>Welcome!</h1><p>Enter "
    "your room number and last name to use the internet, and accept our terms.</p><form "
    "method=POST action=/voucher><input name=room><input name=surname><button>Connect</button>"
    "</form></body></html>"
)
WIFI_RU = (
    "<html><head><title>Бесплатный Wi-Fi</title></head><body><h1>Добро пожаловать в сеть метро</h1>"
    "<p>Для выхода в интернет подтвердите номер телефона</p><form><input name=phone></form></body>"
    "</html>"
)
GOOGLE_502 = (
    "<html><head><title>502 Server Error</title></head><body text=#000000><h1>Error: Server Error"
    "</h1><h2>The server encountered a temporary error and could not complete your request.<p>"
    "Please try again in 30 seconds.</h2></body></html>"
)
GOOGLE_403 = (
    "<html><head><title>403 Forbidden</title></head><body text=#000000><h1>Error: Forbidden</h1>"
    "<h2>Your client does not have permission to get URL <code>/socket.io/</code> from this "
    "server.</h2></body></html>"
)
GOOGLE_404 = (
    "<!DOCTYPE html><html lang=en><title>Error 404 (Page not found)!!1</title><a href=//www.google"
    ".com/><span id=logo></span></a><p><b>404.</b> <ins>That’s an error.</ins><p>The requested URL "
    "<code>/socket.io/</code> was not found on this server. <ins>That’s all we know.</ins>"
)
