using System.Net.Security;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Morag.Failover.Actors.Security;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Logging;

namespace Morag.Failover.Node.Http;

/// <summary>
/// The certificate of the HTTP API. It is replaced when its files change, which new connections check at most once a second.
/// </summary>
internal sealed class HttpCertificate
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    private readonly CertificateFiles files;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Lock checking = new();
    private byte[] content;
    private long checkedAt;
    private string? refusal;
    private volatile SslStreamCertificateContext current;

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationRefusedException">A file cannot be used. The message names its setting.</exception>
    public HttpCertificate(CertificateFiles files, TimeProvider time, ILogger log)
    {
        this.files = files;
        this.time = time;
        this.log = log;
        try
        {
            content = ReadContent();
            current = Load();
        }
        catch (CertificateRefusedException refused)
        {
            throw TlsOptionsReader.HttpRefusal(refused, files);
        }

        checkedAt = time.GetTimestamp();
    }

    /// <summary>The certificate for a new connection.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (checking)
            {
                if (time.GetElapsedTime(checkedAt) >= CheckInterval)
                {
                    checkedAt = time.GetTimestamp();
                    Renew();
                }
            }

            return current;
        }
    }

    /// <summary>Uses the certificate for every https URL.</summary>
    public void ApplyTo(HttpsConnectionAdapterOptions https)
    {
        // Kestrel asks for a certificate before it listens; each connection then gets the current one with its intermediates.
        https.ServerCertificateSelector = (_, _) => current.TargetCertificate;
        https.OnAuthenticate = (_, connection) =>
        {
            connection.ServerCertificateSelectionCallback = null;
            connection.ServerCertificateContext = Current;
        };
    }

    private void Renew()
    {
        var now = ReadContent();
        if (now.AsSpan().SequenceEqual(content))
        {
            return;
        }

        try
        {
            current = Load();
            content = now;
            refusal = null;
            log.UsesNewCertificate(files.Certificate, current.TargetCertificate.NotAfter.ToUniversalTime());
        }
        catch (Exception refused) when (refused is CertificateRefusedException or CryptographicException or NotSupportedException)
        {
            // Tried again at the next look: a certificate can be refused for some seconds only, while clocks differ or files are replaced.
            var why = refused is CertificateRefusedException known ? TlsOptionsReader.HttpRefusal(known, files).Message : refused.Message;
            if (why != refusal)
            {
                refusal = why;
                log.KeepsCertificate(why);
            }
        }
    }

    private SslStreamCertificateContext Load()
    {
        // The old certificate is not disposed, because handshakes may still use it.
        var loaded = LoadedCertificate.Load(files, time.GetUtcNow());
        return SslStreamCertificateContext.Create(loaded.Own, loaded.Intermediates, offline: true);
    }

    /// <summary>The bytes of all files together. A file that cannot be read counts as empty; loading says why.</summary>
    private byte[] ReadContent()
    {
        string?[] paths = [files.Certificate, files.Key, files.PasswordFile];
        return [.. paths.OfType<string>().SelectMany(Read)];

        static byte[] Read(string path)
        {
            try
            {
                return LoadedCertificate.ReadBytes(path);
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return [];
            }
        }
    }
}
