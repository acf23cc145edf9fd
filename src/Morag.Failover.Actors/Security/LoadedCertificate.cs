using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Morag.Failover.Actors.Security;

/// <summary>A certificate with its private key, read from files.</summary>
public sealed class LoadedCertificate : IDisposable
{
    private const int MaxFileBytes = 1024 * 1024;

    private LoadedCertificate(X509Certificate2 own, X509Certificate2Collection intermediates)
    {
        Own = own;
        Intermediates = intermediates;
    }

    /// <summary>The certificate, with its private key.</summary>
    public X509Certificate2 Own { get; }

    /// <summary>The certificates of intermediate authorities from the same file.</summary>
    public X509Certificate2Collection Intermediates { get; }

    /// <summary>Reads the files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="now">The current time, at which the certificate must be valid.</param>
    /// <exception cref="CertificateRefusedException">A file cannot be read, they do not belong together, or the certificate is not valid
    /// now.</exception>
    public static LoadedCertificate Load(CertificateFiles files, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(files);
        var bytes = ReadFile(CertificatePart.Certificate, files.Certificate);
        var password = files.PasswordFile is { } file
            ? Encoding.UTF8.GetString(ReadFile(CertificatePart.Password, file)).TrimEnd('\r', '\n')
            : null;
        var loaded = IsPem(bytes) ? OfPem(Encoding.UTF8.GetString(bytes), files, password) : OfPkcs12(bytes, files, password);
        try
        {
            loaded.RefuseUnlessValidAt(now);
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Own.Dispose();
        foreach (var certificate in Intermediates)
        {
            certificate.Dispose();
        }
    }

    /// <summary>Reads certificates in PEM.</summary>
    internal static X509Certificate2Collection ReadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(Encoding.UTF8.GetString(ReadFile(CertificatePart.Authorities, file)));
        }
        catch (CryptographicException damaged)
        {
            throw new CertificateRefusedException(
                CertificatePart.Authorities, $"it contains a damaged certificate ({damaged.Message})", damaged);
        }

        return authorities.Any(IsRoot)
            ? authorities
            : throw new CertificateRefusedException(
                CertificatePart.Authorities, "it contains no root certificate in PEM, which is one that its own authority has signed");
    }

    /// <summary>Whether a certificate is one that an authority issued to itself.</summary>
    internal static bool IsRoot(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    /// <summary>Reads a file, but at most one byte more than 1 MiB, because a device or a pipe may never end.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not read it.</exception>
    public static byte[] ReadBytes(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[MaxFileBytes + 1];
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    private static byte[] ReadFile(CertificatePart part, string file)
    {
        try
        {
            return ReadBytes(file) is { Length: <= MaxFileBytes } bytes
                ? bytes
                : throw new CertificateRefusedException(part, "it is larger than 1 MiB");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CertificateRefusedException(part, $"it cannot be read ({unreadable.Message})", unreadable);
        }
    }

    private static bool IsPem(byte[] bytes) => bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0;

    private static LoadedCertificate OfPem(string text, CertificateFiles files, string? password)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(text);
        }
        catch (CryptographicException damaged)
        {
            throw new CertificateRefusedException(
                CertificatePart.Certificate, $"it contains a damaged certificate ({damaged.Message})", damaged);
        }

        if (all.Count == 0)
        {
            throw new CertificateRefusedException(CertificatePart.Certificate, "it contains no certificate");
        }

        var keyText = files.Key is { } file ? Encoding.UTF8.GetString(ReadFile(CertificatePart.Key, file)) : text;
        using var bare = all[0];
        all.RemoveAt(0);
        return new LoadedCertificate(ForServers(WithKey(bare, keyText, password)), all);
    }

    private static LoadedCertificate OfPkcs12(byte[] bytes, CertificateFiles files, string? password)
    {
        if (files.Key is not null)
        {
            throw new CertificateRefusedException(
                CertificatePart.Key, "the certificate is not PEM, and the key of a PKCS#12 file is in that file. Leave this setting empty");
        }

        try
        {
            var all = X509CertificateLoader.LoadPkcs12Collection(bytes, password);
            var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
                ?? throw new CertificateRefusedException(CertificatePart.Certificate, "it contains no private key");
            all.Remove(own);
            return new LoadedCertificate(own, all);
        }
        catch (CryptographicException unreadable)
        {
            throw new CertificateRefusedException(
                CertificatePart.Certificate,
                $"it is neither PEM nor a PKCS#12 file that opens with the given password ({unreadable.Message})",
                unreadable);
        }
    }

    /// <summary>Adds the private key. It is compared here, because the errors of the platform do not say which file is wrong.</summary>
    private static X509Certificate2 WithKey(X509Certificate2 bare, string text, string? password)
    {
        using AsymmetricAlgorithm key = bare.GetRSAPublicKey() is { } rsa ? Of(rsa, RSA.Create())
            : bare.GetECDsaPublicKey() is { } ec ? Of(ec, ECDsa.Create())
            : throw new CertificateRefusedException(CertificatePart.Certificate, "only certificates with RSA and EC keys are supported");
        try
        {
            if (password is null)
            {
                key.ImportFromPem(text);
            }
            else
            {
                key.ImportFromEncryptedPem(text, password);
            }
        }
        catch (Exception unreadable) when (unreadable is ArgumentException or CryptographicException)
        {
            throw new CertificateRefusedException(
                CertificatePart.Key,
                "it contains no private key that can be read: the key must be PEM and of the same type (RSA or EC) as the certificate, "
                + $"and {(password is null ? "an encrypted key needs a password" : "the password must be right")}",
                unreadable);
        }

        return key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(bare.PublicKey.ExportSubjectPublicKeyInfo())
            ? key is RSA rsaKey ? bare.CopyWithPrivateKey(rsaKey) : bare.CopyWithPrivateKey((ECDsa)key)
            : throw new CertificateRefusedException(CertificatePart.Key, "the key does not belong to the certificate");

        static AsymmetricAlgorithm Of(AsymmetricAlgorithm publicKey, AsymmetricAlgorithm own)
        {
            publicKey.Dispose();
            return own;
        }
    }

    /// <summary>TLS on Windows cannot use a key that exists in memory only.</summary>
    private static X509Certificate2 ForServers(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }

    private void RefuseUnlessValidAt(DateTimeOffset now)
    {
        if (now > Own.NotAfter)
        {
            throw new CertificateRefusedException(CertificatePart.Certificate, $"the certificate expired on {Day(Own.NotAfter)}");
        }

        if (now < Own.NotBefore)
        {
            throw new CertificateRefusedException(
                CertificatePart.Certificate, $"the certificate is not valid before {Day(Own.NotBefore)}. Check the clock of this machine");
        }
    }

    private static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
