using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;

namespace Morag.Failover.Actors.Security;

/// <summary>The files for TLS between nodes, and between cluster clients and nodes.</summary>
public sealed record ClusterTlsFiles
{
    /// <summary>The certificate of this node or client. It is used for the connections that it makes and for those that it gets.</summary>
    public required CertificateFiles Certificate { get; init; }

    /// <summary>
    /// PEM with the certificates of the authorities. Every holder of a certificate of one of them is admitted, so use authorities that
    /// issue certificates to nothing else.
    /// </summary>
    public required string Authorities { get; init; }

    /// <summary>Whether the certificate of a node must name the host at which it is called. True by default.</summary>
    public bool CheckNames { get; init; } = true;
}

/// <summary>
/// TLS in which both sides prove who they are. Give an actor system <see cref="Setup"/>, and <see cref="Config"/> with precedence over its
/// own configuration. Addresses then start with <c>akka.ssl.tcp://</c>.
/// </summary>
public sealed class ClusterTls
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2Collection authorities;
    private readonly bool checksNames;
    private readonly TimeProvider time;

    private ClusterTls(LoadedCertificate certificate, X509Certificate2Collection authorities, bool checksNames, TimeProvider time)
    {
        this.authorities = authorities;
        this.checksNames = checksNames;
        this.time = time;
        Certificate = certificate;
        Setup = new DotNettySslSetup(
            certificate.Own, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: checksNames, Admit);
    }

    /// <summary>The scheme of addresses with TLS.</summary>
    public const string Scheme = "akka.ssl.tcp";

    /// <summary>Turns TLS on.</summary>
    public static Config Config { get; } = ConfigurationFactory.ParseString("akka.remote.dot-netty.tcp.enable-ssl = on");

    /// <summary>The certificate and the check of others' certificates.</summary>
    public Setup Setup { get; }

    /// <summary>The certificate of this side.</summary>
    public LoadedCertificate Certificate { get; }

    /// <summary>Reads the files.</summary>
    /// <exception cref="CertificateRefusedException">A file cannot be used, or the authorities do not accept the certificate.</exception>
    public static ClusterTls Load(ClusterTlsFiles files, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(time);
        var authorities = LoadedCertificate.ReadAuthorities(files.Authorities);
        var certificate = LoadedCertificate.Load(files.Certificate, time.GetUtcNow());
        var tls = new ClusterTls(certificate, authorities, files.CheckNames, time);
        return tls.WhyRefused(certificate.Own, ServerUsage) is null && tls.WhyRefused(certificate.Own, ClientUsage) is null
            ? tls
            : throw new CertificateRefusedException(CertificatePart.Certificate, tls.WhyOthersRefuse(certificate));
    }

    /// <summary>
    /// Why the other nodes would refuse this node's certificate. Akka.Remote sends the certificate alone, without those of intermediate
    /// authorities, so the other nodes must know these.
    /// </summary>
    private string WhyOthersRefuse(LoadedCertificate certificate)
    {
        var withIntermediates = WhyRefused(certificate.Own, ServerUsage, certificate.Intermediates)
            ?? WhyRefused(certificate.Own, ClientUsage, certificate.Intermediates);
        return withIntermediates is { } refusal
            ? $"{refusal}, so the other nodes would refuse it"
            : "an intermediate authority issued it, and nodes do not send the certificates of intermediate authorities to each other. Add "
                + "those in this file to the authorities of all nodes";
    }

    private bool Admit(X509Certificate2? peer, X509Chain? offered, string remote, SslPolicyErrors errors, ILoggingAdapter log)
    {
        // Akka.Remote names a peer that it calls by its Akka address, and one that calls by its socket.
        var isServer = remote.Contains("://", StringComparison.Ordinal);
        var refusal = peer is null ? "it has no certificate"
            : checksNames && isServer && errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
                ? $"its certificate ({peer.Subject}) is for another host"
            : WhyRefused(peer, isServer ? ServerUsage : ClientUsage, offered?.ChainPolicy.ExtraStore);
        if (refusal is not null)
        {
            log.Warning("The connection with {Remote} is refused: {Why}", remote, refusal);
        }

        return refusal is null;
    }

    /// <summary>Why the authorities do not accept a certificate, as a clause; null if they do.</summary>
    private string? WhyRefused(X509Certificate2 certificate, string usage, X509Certificate2Collection? intermediates = null)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities.Where(LoadedCertificate.IsRoot).ToArray());
        chain.ChainPolicy.ExtraStore.AddRange(authorities);
        chain.ChainPolicy.ExtraStore.AddRange(intermediates ?? []);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().LocalDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(usage));
        return chain.Build(certificate)
            ? null
            : $"the authorities do not accept the certificate {certificate.Subject} "
                + $"({string.Join("; ", chain.ChainStatus.Select(status => status.Status).Distinct())})";
    }
}
