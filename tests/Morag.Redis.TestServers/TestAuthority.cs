using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Morag.Redis.TestServers;

/// <summary>Signs certificates for test servers; all its files are in a temporary folder that goes with it.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("morag-authority-");
    private readonly X509Certificate2 certificate;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=test authority {Guid.NewGuid():n}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        certificate = request.CreateSelfSigned(Ago(400), Ago(-400));
        File.WriteAllText(CertificatePath, certificate.ExportCertificatePem());
    }

    /// <summary>The certificate of the authority.</summary>
    public string CertificatePath => Path.Combine(folder.FullName, "authority.pem");

    /// <summary>Arguments of redis-server that make it answer TLS at this port with a certificate for this host.</summary>
    public IReadOnlyList<string> Serve(int port, string host = "localhost", bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(certificate, Ago(300), expired ? Ago(1) : Ago(-300), Guid.NewGuid().ToByteArray());
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

    private static DateTimeOffset Ago(int days) => TimeProvider.System.GetUtcNow().AddDays(-days);
}
