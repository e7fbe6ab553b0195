"""A certificate authority, and every way in which a server's certificate goes wrong."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """PEM files of a server (or client): its chain as sent, and its key."""

    cert: Path
    key: Path

    @property
    def combined(self) -> Path:
        """Chain and key in one file, as haproxy wants it."""
        path = self.cert.with_suffix(".combined.pem")
        path.write_bytes(self.cert.read_bytes() + self.key.read_bytes())
        return path

    def for_node(self) -> dict[str, str]:
        """The `tls` option of server.js."""
        return {"cert": str(self.cert), "key": str(self.key)}

    def server_context(self) -> ssl.SSLContext:
        """An SSLContext that serves this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


class CertificateAuthority:
    """A private CA whose root is in `.ca_file`; what it issues is written into `folder`.

    Default names are those of loopback: localhost, 127.0.0.1 and ::1.
    """

    LOOPBACK = ("localhost", "127.0.0.1", "::1")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = trustme.CA()
        self._count = 0
        self.ca_file = folder / "ca.pem"
        self._root.cert_pem.write_to_path(self.ca_file)

    def client_context(self) -> ssl.SSLContext:
        """An SSLContext that trusts this CA and nothing else."""
        return ssl.create_default_context(cafile=self.ca_file)

    def issue(
        self,
        *names: str,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> CertificateFiles:
        """A certificate of the root for `names`; the default validity is trustme's (long)."""
        leaf = self._root.issue_cert(
            *(names or self.LOOPBACK), not_before=not_before, not_after=not_after
        )
        return self._write([blob.bytes() for blob in leaf.cert_chain_pems], leaf)

    def expired(self, *names: str, days_ago: float = 2) -> CertificateFiles:
        """Valid for a year until `days_ago`."""
        end = datetime.now(UTC) - timedelta(days=days_ago)
        return self.issue(*names, not_before=end - timedelta(days=365), not_after=end)

    def expiring(
        self, *names: str, days_left: float = 5, lifetime_days: float = 90
    ) -> CertificateFiles:
        """Valid, but only for `days_left` of its `lifetime_days`."""
        end = datetime.now(UTC) + timedelta(days=days_left)
        return self.issue(*names, not_before=end - timedelta(days=lifetime_days), not_after=end)

    def not_yet_valid(self, *names: str, days: float = 2) -> CertificateFiles:
        """Valid only from `days` in the future."""
        start = datetime.now(UTC) + timedelta(days=days)
        return self.issue(*names, not_before=start, not_after=start + timedelta(days=90))

    def wrong_name(self) -> CertificateFiles:
        """Trusted, for another host."""
        return self.issue("other.example")

    def complete_chain(self, *names: str) -> CertificateFiles:
        """Issued by an intermediate CA, which the server sends along."""
        leaf = self._root.create_child_ca().issue_cert(*(names or self.LOOPBACK))
        return self._write([blob.bytes() for blob in leaf.cert_chain_pems], leaf)

    def wrong_intermediate(self, *names: str, root: bool = False) -> CertificateFiles:
        """`missing_intermediate`, and another certificate is sent in its place: a stranger's, or
        the root."""
        files = self.missing_intermediate(*names)
        other = self._root.cert_pem if root else self._root.create_child_ca().cert_pem
        with files.cert.open("ab") as chain:
            chain.write(other.bytes())
        return files

    def expired_intermediate(self, *names: str, days_ago: float = 3) -> CertificateFiles:
        """A good certificate of an intermediate CA that has expired; both are sent."""
        root = x509.load_pem_x509_certificate(self._root.cert_pem.bytes())
        signer = serialization.load_pem_private_key(self._root.private_key_pem.bytes(), None)
        issuer_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        end = datetime.now(UTC) - timedelta(days=days_ago)
        issuer = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([_cn("Issuing CA of last year")]))
            .issuer_name(root.subject)
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=700))
            .not_valid_after(end)
            .public_key(issuer_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(signer, hashes.SHA256())  # type: ignore[arg-type]
        )
        alternatives = x509.SubjectAlternativeName([_general(h) for h in names or self.LOOPBACK])
        leaf = (
            _builder(x509.Name([_cn("backend")]), issuer.subject)
            .public_key(key.public_key())
            .add_extension(alternatives, False)
            .sign(issuer_key, hashes.SHA256())
        )
        files = self._write_pems(leaf, key)
        with files.cert.open("ab") as chain:
            chain.write(issuer.public_bytes(serialization.Encoding.PEM))
        return files

    def missing_intermediate(self, *names: str) -> CertificateFiles:
        """Issued by an intermediate CA which the server does not send, but says where to fetch."""
        issuer = self._root.create_child_ca()
        signer = serialization.load_pem_private_key(issuer.private_key_pem.bytes(), None)
        subject = x509.load_pem_x509_certificate(issuer.cert_pem.bytes()).subject
        key = ec.generate_private_key(ec.SECP256R1())
        where = x509.UniformResourceIdentifier("http://ca.example/intermediate.der")
        certificate = (
            _builder(x509.Name([_cn("backend")]), subject)
            .public_key(key.public_key())
            .add_extension(
                x509.SubjectAlternativeName([_general(h) for h in names or self.LOOPBACK]), False
            )
            .add_extension(
                x509.AuthorityInformationAccess(
                    [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)]
                ),
                False,
            )
            .sign(signer, hashes.SHA256())  # type: ignore[arg-type]
        )
        return self._write_pems(certificate, key)

    def unknown_ca(self, *names: str) -> CertificateFiles:
        """Issued by a CA that nobody was told of; the root is not sent."""
        leaf = trustme.CA().issue_cert(*(names or self.LOOPBACK))
        return self._write([blob.bytes() for blob in leaf.cert_chain_pems], leaf)

    def self_signed(self, *names: str) -> CertificateFiles:
        """Signed by its own key, right names."""
        return self._own(x509.Name([_cn("localhost")]), names or self.LOOPBACK)

    def strange_name(self, common_name: str) -> CertificateFiles:
        """Self-signed, with any text as its common name (at most 64 characters)."""
        return self._own(x509.Name([_cn(common_name)]), self.LOOPBACK)

    def inspected(self, common_name: str, organisation: str, *names: str) -> CertificateFiles:
        """What a box that inspects TLS shows: signed on the fly by its own CA, which is sent."""
        issuer_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        issuer = x509.Name(
            [_cn(common_name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
        )
        authority = (
            _builder(issuer, issuer)
            .public_key(issuer_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(issuer_key, hashes.SHA256())
        )
        alternatives = x509.SubjectAlternativeName([_general(h) for h in names or self.LOOPBACK])
        leaf = (
            _builder(x509.Name([_cn("backend")]), issuer)
            .public_key(key.public_key())
            .add_extension(alternatives, False)
            .sign(issuer_key, hashes.SHA256())
        )
        files = self._write_pems(leaf, key)
        with files.cert.open("ab") as chain:
            chain.write(authority.public_bytes(serialization.Encoding.PEM))
        return files

    def rsa(self, *names: str, bits: int = 2048) -> CertificateFiles:
        """Issued by the root for an RSA key of so many bits (the others have elliptic curves)."""
        key = generate_private_key(public_exponent=65_537, key_size=bits)
        root = x509.load_pem_x509_certificate(self._root.cert_pem.bytes())
        signer = serialization.load_pem_private_key(self._root.private_key_pem.bytes(), None)
        alternatives = x509.SubjectAlternativeName([_general(h) for h in names or self.LOOPBACK])
        certificate = (
            _builder(x509.Name([_cn("backend")]), root.subject)
            .public_key(key.public_key())
            .add_extension(alternatives, False)
            .sign(signer, hashes.SHA256())  # type: ignore[arg-type]
        )
        return self._write_pems(certificate, key)

    def nameless(self, host: str = "localhost") -> CertificateFiles:
        """Trusted by the root, with a common name and no subjectAltName."""
        key = ec.generate_private_key(ec.SECP256R1())
        root = x509.load_pem_x509_certificate(self._root.cert_pem.bytes())
        signer = serialization.load_pem_private_key(self._root.private_key_pem.bytes(), None)
        certificate = (
            _builder(x509.Name([_cn(host)]), root.subject)
            .public_key(key.public_key())
            .sign(signer, hashes.SHA256())  # type: ignore[arg-type]
        )
        return self._write_pems(certificate, key)

    def _own(self, name: x509.Name, hosts: tuple[str, ...]) -> CertificateFiles:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(name, name)
            .public_key(key.public_key())
            .add_extension(x509.SubjectAlternativeName([_general(h) for h in hosts]), False)
            .sign(key, hashes.SHA256())
        )
        return self._write_pems(certificate, key)

    def _write_pems(
        self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | RSAPrivateKey
    ) -> CertificateFiles:
        files = self._files()
        files.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files

    def _write(self, chain: list[bytes], leaf: trustme.LeafCert) -> CertificateFiles:
        files = self._files()
        files.cert.write_bytes(b"".join(chain))
        leaf.private_key_pem.write_to_path(files.key)
        return files

    def _files(self) -> CertificateFiles:
        self._count += 1
        return CertificateFiles(
            self.folder / f"server{self._count}.pem", self.folder / f"server{self._count}.key"
        )


def _cn(text: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(NameOID.COMMON_NAME, text)


def _builder(subject: x509.Name, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
    )


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
