using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Morag.Failover.Client.Connection;

/// <summary>
/// Which certificates of <c>https</c> nodes are trusted: those of the machine's store, or only those of given authorities.
/// </summary>
internal sealed class NodeTrust
{
    private readonly X509Certificate2Collection? authorities;

    private NodeTrust(X509Certificate2Collection? authorities) => this.authorities = authorities;

    /// <summary>Trusts what this machine trusts.</summary>
    public static NodeTrust Machine { get; } = new(null);

    /// <summary>Trusts only certificates that the authorities of a PEM file have signed.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not read the file.</exception>
    /// <exception cref="CryptographicException">The file holds no certificate.</exception>
    public static NodeTrust FromFile(string path)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(File.ReadAllText(path));
        return authorities.Count > 0 ? new NodeTrust(authorities) : throw new CryptographicException($"{path} holds no PEM certificate");
    }

    /// <summary>The TLS settings of a connection.</summary>
    public SslClientAuthenticationOptions ToTlsOptions() => authorities is null
        ? new SslClientAuthenticationOptions()
        : new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = ChainPolicy(authorities),
        };

    // Such authorities are private, and publish no revocation lists that every client could reach.
    private static X509ChainPolicy ChainPolicy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
