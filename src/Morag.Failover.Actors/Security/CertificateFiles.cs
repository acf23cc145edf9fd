namespace Morag.Failover.Actors.Security;

/// <summary>The files of a certificate and its key. Secrets are in files, so that no process list or environment shows them.</summary>
public sealed record CertificateFiles
{
    /// <summary>
    /// PEM or PKCS#12. In a PEM file, certificates of intermediate authorities can follow the certificate itself.
    /// </summary>
    public required string Certificate { get; init; }

    /// <summary>The private key as PEM, RSA or EC; null if the certificate's file contains it.</summary>
    public string? Key { get; init; }

    /// <summary>A file with the password of the key or the PKCS#12 file; null if there is none.</summary>
    public string? PasswordFile { get; init; }
}

/// <summary>Which file is at fault.</summary>
public enum CertificatePart
{
    /// <summary>The certificate.</summary>
    Certificate,

    /// <summary>The private key.</summary>
    Key,

    /// <summary>The password.</summary>
    Password,

    /// <summary>The trusted authorities.</summary>
    Authorities,
}

/// <summary>A file of a certificate cannot be used. The message is a clause that says why, without secrets.</summary>
public sealed class CertificateRefusedException : Exception
{
    internal CertificateRefusedException(CertificatePart part, string message, Exception? cause = null)
        : base(message, cause) => Part = part;

    /// <summary>The file at fault.</summary>
    public CertificatePart Part { get; }
}
