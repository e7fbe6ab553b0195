"""Typed access to the findings of one run: `found.polling`, `found.tcp` … Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeVar

from bot.evidence import (
    AffinityEvidence,
    AlikeEvidence,
    BurstEvidence,
    ConfigEvidence,
    ControlEvidence,
    CorsEvidence,
    DnsDirectEvidence,
    DnsEvidence,
    EachAddressEvidence,
    HistoryEvidence,
    HoldEvidence,
    HttpEvidence,
    LadderEvidence,
    NamespaceEvidence,
    OtherPortsEvidence,
    OtherSchemeEvidence,
    ParsersEvidence,
    PollingEvidence,
    PortTry,
    ProbedPathsEvidence,
    ProxyEvidence,
    ProxyTry,
    RecheckEvidence,
    RttEvidence,
    SamplerEvidence,
    SpokenToEvidence,
    SteadinessEvidence,
    TcpEvidence,
    TlsEvidence,
    TlsHello,
    TlsHellosEvidence,
    TwinEvidence,
    VersionsEvidence,
    ViaProxyEvidence,
    WebSocketEvidence,
)
from bot.model import Finding, FollowUp, Target

E = TypeVar("E")


@dataclass(frozen=True)
class Findings:
    """All findings of a run so far, and the target they are about."""

    all: tuple[Finding, ...]
    target: Target

    @classmethod
    def of(cls, findings: Sequence[Finding], target: Target) -> Self:
        """Index a run's findings."""
        return cls(tuple(findings), target)

    def named(self, probe: str) -> tuple[Finding, ...]:
        """Every finding of one probe or follow-up."""
        return tuple(f for f in self.all if f.probe == probe)

    def finding(self, probe: str) -> Finding | None:
        """The first finding of a probe, if it ran."""
        return next((f for f in self.all if f.probe == probe), None)

    def ran(self, follow_up: FollowUp) -> bool:
        """Whether a follow-up has reported, even if only to say that it could not."""
        return self.finding(follow_up.value) is not None

    def _each(self, probe: str, kind: type[E]) -> tuple[E, ...]:
        return tuple(f.evidence for f in self.named(probe) if isinstance(f.evidence, kind))

    def _one(self, probe: str, kind: type[E]) -> E | None:
        return next(iter(self._each(probe, kind)), None)

    @cached_property
    def config(self) -> ConfigEvidence | None:
        return self._one("config", ConfigEvidence)

    @cached_property
    def control(self) -> ControlEvidence | None:
        return self._one("control", ControlEvidence)

    @cached_property
    def dns(self) -> DnsEvidence | None:
        return self._one("dns", DnsEvidence)

    @cached_property
    def dns_direct(self) -> DnsDirectEvidence | None:
        return self._one(FollowUp.DNS_DIRECT, DnsDirectEvidence)

    @cached_property
    def control_address(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.CONTROL_ADDRESS, ProbedPathsEvidence)

    @cached_property
    def each_address(self) -> EachAddressEvidence | None:
        return self._one(FollowUp.EACH_ADDRESS, EachAddressEvidence)

    @cached_property
    def tcp(self) -> tuple[TcpEvidence, ...]:
        return self._each("tcp", TcpEvidence)

    @cached_property
    def proxy(self) -> ProxyEvidence | None:
        """Through a forward proxy this stands in place of the addresses."""
        return self._one("tcp", ProxyEvidence)

    @cached_property
    def tls(self) -> tuple[TlsEvidence, ...]:
        return self._each("tls", TlsEvidence)

    @cached_property
    def health(self) -> HttpEvidence | None:
        return self._one("http", HttpEvidence)

    @cached_property
    def polling(self) -> PollingEvidence | None:
        return self._one("polling", PollingEvidence)

    @cached_property
    def cors(self) -> CorsEvidence | None:
        return self._one("cors", CorsEvidence)

    @cached_property
    def websocket(self) -> WebSocketEvidence | None:
        return self._one("websocket", WebSocketEvidence)

    @cached_property
    def upgrade(self) -> WebSocketEvidence | None:
        return self._one("upgrade", WebSocketEvidence)

    @cached_property
    def namespace(self) -> NamespaceEvidence | None:
        return self._one("namespace", NamespaceEvidence)

    @cached_property
    def rtt(self) -> RttEvidence | None:
        return self._one("rtt", RttEvidence)

    @cached_property
    def burst(self) -> BurstEvidence | None:
        return self._one(FollowUp.TCP_BURST, BurstEvidence)

    @cached_property
    def tls_on_plain_port(self) -> OtherSchemeEvidence | None:
        return self._one(FollowUp.TLS_ON_PLAIN_PORT, OtherSchemeEvidence)

    @cached_property
    def plain_http(self) -> OtherSchemeEvidence | None:
        return self._one(FollowUp.PLAIN_HTTP, OtherSchemeEvidence)

    @cached_property
    def hellos(self) -> Mapping[str, TlsHello]:
        """The TLS hellos of the follow-up by their kind; empty before it ran."""
        seen = self._one(FollowUp.TLS_HELLOS, TlsHellosEvidence)
        return {hello.kind: hello for hello in seen.hellos} if seen else {}

    @cached_property
    def other_ports(self) -> tuple[PortTry, ...]:
        seen = self._one(FollowUp.OTHER_PORTS, OtherPortsEvidence)
        return seen.ports if seen else ()

    @cached_property
    def via_proxy(self) -> ProxyTry | None:
        """A proxy of the environment that leads to the backend where we come to nothing."""
        seen = self._one(FollowUp.VIA_PROXY, ViaProxyEvidence)
        spoken = [t for t in seen.tries if t.answer and t.answer.status] if seen else []
        return next((t for t in spoken if t.open), next(iter(spoken), None))

    @cached_property
    def random_path(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.RANDOM_PATH, ProbedPathsEvidence)

    @cached_property
    def path_candidates(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.PATH_CANDIDATES, ProbedPathsEvidence)

    @cached_property
    def origin_variants(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.ORIGIN_VARIANTS, ProbedPathsEvidence)

    @cached_property
    def user_agent(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.USER_AGENT, ProbedPathsEvidence)

    @cached_property
    def host_variants(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.HOST_VARIANTS, ProbedPathsEvidence)

    @cached_property
    def websocket_control(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.WEBSOCKET_CONTROL, ProbedPathsEvidence)

    @cached_property
    def versions(self) -> VersionsEvidence | None:
        return self._one(FollowUp.OLDER_VERSION, VersionsEvidence)

    @cached_property
    def parsers(self) -> ParsersEvidence | None:
        return self._one(FollowUp.OTHER_PARSER, ParsersEvidence)

    @cached_property
    def spoken_to(self) -> SpokenToEvidence | None:
        return self._one(FollowUp.FIRST_MESSAGE, SpokenToEvidence)

    @cached_property
    def steadiness(self) -> SteadinessEvidence | None:
        return self._one(FollowUp.STEADINESS, SteadinessEvidence)

    @cached_property
    def recheck(self) -> RecheckEvidence | None:
        return self._one(FollowUp.RECHECK, RecheckEvidence)

    @cached_property
    def alike(self) -> AlikeEvidence | None:
        return self._one(FollowUp.ALIKE, AlikeEvidence)

    @cached_property
    def affinity(self) -> AffinityEvidence | None:
        return self._one(FollowUp.AFFINITY, AffinityEvidence)

    @cached_property
    def history(self) -> HistoryEvidence | None:
        """What the watcher remembers; None where nobody watches (the command line)."""
        return self._one("history", HistoryEvidence)

    @cached_property
    def ladder(self) -> LadderEvidence | None:
        return self._one(FollowUp.LADDER, LadderEvidence)

    @cached_property
    def hold(self) -> HoldEvidence | None:
        return self._one(FollowUp.HOLD, HoldEvidence)

    @cached_property
    def twin(self) -> TwinEvidence | None:
        return self._one(FollowUp.TWIN, TwinEvidence)

    @cached_property
    def sampler(self) -> SamplerEvidence | None:
        return self._one(FollowUp.SAMPLER, SamplerEvidence)
