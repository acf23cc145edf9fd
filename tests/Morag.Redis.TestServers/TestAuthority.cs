using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Morag.Redis.TestServers;

/// <summary>A certificate authority for test servers. Its files are in a temporary folder, which is deleted on disposal.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("morag-authority-");
    private readonly X509Certificate2 certificate;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=test authority {Guid.NewGuid():n}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        certificate = request.CreateSelfSigned(DaysAgo(400), DaysAgo(-400));
        File.WriteAllText(CertificatePath, certificate.ExportCertificatePem());
    }

    /// <summary>Path of the authority's certificate.</summary>
    public string CertificatePath => Path.Combine(folder.FullName, "authority.pem");

    /// <summary>Issues a certificate for a host. Returns the arguments with which redis-server uses it for TLS on a port.</summary>
    public IReadOnlyList<string> CreateTlsArguments(int port, string host = "localhost", bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(certificate, DaysAgo(300), expired ? DaysAgo(1) : DaysAgo(-300), Guid.NewGuid().ToByteArray());
        var path = Path.Combine(folder.FullName, Guid.NewGuid().ToString("n"));
        File.WriteAllText($"{path}.crt", issued.ExportCertificatePem());
        File.WriteAllText($"{path}.key", key.ExportPkcs8PrivateKeyPem());
        return
        [
            "--tls-port", port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "--tls-cert-file", $"{path}.crt",
            "--tls-key-file", $"{path}.key",
            "--tls-ca-cert-file", CertificatePath,
            "--tls-auth-clients", "no",
        ];
    }

    public void Dispose()
    {
        certificate.Dispose();
        folder.Delete(recursive: true);
    }

    private static DateTimeOffset DaysAgo(int days) => TimeProvider.System.GetUtcNow().AddDays(-days);
}
