using Morag.Failover.Actors.Security;

namespace Morag.Failover.Node.Configuration;

/// <summary>Reads <c>morag.tls</c> and <c>morag.http-tls</c>, and the files that they name.</summary>
internal static class TlsOptionsReader
{
    private static readonly NodeSetting[] ClusterSettings =
        [NodeSetting.TlsCertificate, NodeSetting.TlsKey, NodeSetting.TlsPasswordFile, NodeSetting.TlsAuthorities];

    private static readonly NodeSetting[] HttpSettings =
        [NodeSetting.HttpTlsCertificate, NodeSetting.HttpTlsKey, NodeSetting.HttpTlsPasswordFile];

    /// <summary>The files for TLS between nodes; null without TLS.</summary>
    /// <exception cref="ConfigurationRefusedException">Settings are missing.</exception>
    public static ClusterTlsFiles? ReadCluster(SettingsSection section)
    {
        if (CertificateOf(section, ClusterSettings) is not { } certificate)
        {
            return null;
        }

        return new ClusterTlsFiles
        {
            Certificate = certificate,
            Authorities = section.Text("authorities") is { Length: > 0 } file
                ? file
                : throw NodeSetting.TlsAuthorities.Refused("", "the authorities whose certificates admit other nodes are needed"),
            CheckNames = section.Switch("check-names"),
        };
    }

    /// <summary>The certificate of the HTTP API; null if it comes from ASP.NET Core's own settings.</summary>
    /// <exception cref="ConfigurationRefusedException">Settings are missing.</exception>
    public static CertificateFiles? ReadHttp(SettingsSection section) => CertificateOf(section, HttpSettings);

    /// <summary>Reads the files for TLS between nodes.</summary>
    /// <exception cref="ConfigurationRefusedException">A file cannot be used.</exception>
    public static ClusterTls? LoadCluster(NodeOptions options, TimeProvider time)
    {
        if (options.Tls is not { } files)
        {
            return null;
        }

        try
        {
            var tls = ClusterTls.Load(files, time);
            return !files.CheckNames || tls.Certificate.Own.MatchesHostname(options.Host.Trim('[', ']'))
                ? tls
                : throw NodeSetting.TlsCertificate.Refused(
                    files.Certificate.Certificate,
                    $"the certificate does not name {options.Host} ({NodeSetting.Host.Key}), so the other nodes would refuse it. Use one "
                    + "that does, or set morag.tls.check-names = off on all nodes");
        }
        catch (CertificateRefusedException refused)
        {
            throw Refusal(refused, ClusterSettings, files.Certificate, files.Authorities);
        }
    }

    /// <summary>An error that names the setting of the file at fault.</summary>
    public static ConfigurationRefusedException HttpRefusal(CertificateRefusedException refused, CertificateFiles files) =>
        Refusal(refused, HttpSettings, files, authorities: null);

    private static ConfigurationRefusedException Refusal(
        CertificateRefusedException refused, NodeSetting[] settings, CertificateFiles files, string? authorities)
    {
        var (setting, file) = refused.Part switch
        {
            CertificatePart.Certificate => (settings[0], files.Certificate),
            CertificatePart.Key => (settings[1], files.Key ?? ""),
            CertificatePart.Password => (settings[2], files.PasswordFile ?? ""),
            CertificatePart.Authorities => (settings[3], authorities ?? ""),
            _ => throw new ArgumentOutOfRangeException(nameof(refused), refused.Part, "There is no such file."),
        };
        return setting.Refused(file, refused.Message);
    }

    private static CertificateFiles? CertificateOf(SettingsSection section, NodeSetting[] settings)
    {
        var certificate = section.Text("certificate");
        if (certificate.Length == 0)
        {
            // A node that silently ran without TLS because one setting is missing would be open to everybody.
            return settings.Skip(1).FirstOrDefault(setting => section.Text(KeyOf(setting)).Length > 0) is { } alone
                ? throw settings[0].Refused("", $"{alone.Key} is set, so a certificate is needed")
                : null;
        }

        return new CertificateFiles
        {
            Certificate = certificate,
            Key = section.Text("key") is { Length: > 0 } key ? key : null,
            PasswordFile = section.Text("password-file") is { Length: > 0 } file ? file : null,
        };
    }

    private static string KeyOf(NodeSetting setting) => setting.Key[(setting.Key.LastIndexOf('.') + 1)..];
}
