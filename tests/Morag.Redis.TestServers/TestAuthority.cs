using System.Globalization;
using System.Net;
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
        var issued = Issue(new TestCertificate { Names = [host], Expired = expired });
        return
        [
            "--tls-port", port.ToString(CultureInfo.InvariantCulture),
            "--tls-cert-file", issued.Certificate,
            "--tls-key-file", issued.Key,
            "--tls-ca-cert-file", CertificatePath,
            "--tls-auth-clients", "no",
        ];
    }

    /// <summary>Issues a certificate, and returns the paths of its PEM files.</summary>
    public (string Certificate, string Key) Issue(TestCertificate wanted)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = Create(wanted, key);
        var path = Path.Combine(folder.FullName, Guid.NewGuid().ToString("n"));
        File.WriteAllText($"{path}.crt", issued.ExportCertificatePem());
        var encryption = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, iterationCount: 10);
        File.WriteAllText($"{path}.key", wanted.Password is { } password
            ? key.ExportEncryptedPkcs8PrivateKeyPem(password, encryption)
            : key.ExportPkcs8PrivateKeyPem());
        return ($"{path}.crt", $"{path}.key");
    }

    /// <summary>
    /// Issues a certificate through an intermediate authority. Returns the paths of PEM files: of the certificate followed by that of the
    /// intermediate authority, of the key, and of the intermediate authority followed by this one.
    /// </summary>
    public (string Certificate, string Key, string Authorities) IssueThroughIntermediate(TestCertificate wanted)
    {
        using var intermediateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=intermediate {Guid.NewGuid():n}", intermediateKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var bare = request.Create(certificate, DaysAgo(350), DaysAgo(-350), Guid.NewGuid().ToByteArray());
        using var intermediate = bare.CopyWithPrivateKey(intermediateKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = Create(wanted, key, intermediate);
        return (
            WriteFile($"{issued.ExportCertificatePem()}\n{intermediate.ExportCertificatePem()}"),
            WriteFile(key.ExportPkcs8PrivateKeyPem()),
            WriteFile($"{intermediate.ExportCertificatePem()}\n{certificate.ExportCertificatePem()}"));
    }

    /// <summary>Issues a certificate, and returns the path of its PKCS#12 file.</summary>
    public string IssuePkcs12(TestCertificate wanted)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = Create(wanted, key);
        using var complete = issued.CopyWithPrivateKey(key);
        var path = Path.Combine(folder.FullName, $"{Guid.NewGuid():n}.p12");
        File.WriteAllBytes(path, complete.Export(X509ContentType.Pkcs12, wanted.Password));
        return path;
    }

    /// <summary>Writes a file next to the certificates, and returns its path.</summary>
    public string WriteFile(string text)
    {
        var path = Path.Combine(folder.FullName, $"{Guid.NewGuid():n}.txt");
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose()
    {
        certificate.Dispose();
        folder.Delete(recursive: true);
    }

    private X509Certificate2 Create(TestCertificate wanted, ECDsa key, X509Certificate2? issuer = null)
    {
        var request = new CertificateRequest($"CN={wanted.Names[0]}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in wanted.Names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        if (wanted.Usage is { } usage)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        }

        return request.Create(
            issuer ?? certificate,
            DaysAgo(wanted.ValidTomorrow ? -1 : 300),
            DaysAgo(wanted.Expired ? 1 : -300),
            Guid.NewGuid().ToByteArray());
    }

    private static DateTimeOffset DaysAgo(int days) => TimeProvider.System.GetUtcNow().AddDays(-days);
}

/// <summary>What a certificate of a <see cref="TestAuthority"/> is for.</summary>
public sealed record TestCertificate
{
    /// <summary>The OID of the use by servers.</summary>
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    /// <summary>Host names and IP addresses, at least one.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>Whether it expired yesterday.</summary>
    public bool Expired { get; init; }

    /// <summary>Whether it is not valid before tomorrow.</summary>
    public bool ValidTomorrow { get; init; }

    /// <summary>The only use that it allows, as an OID; null for every use.</summary>
    public string? Usage { get; init; }

    /// <summary>The password of its key; null for none.</summary>
    public string? Password { get; init; }
}
