using Morag.Failover.Node.Configuration;
using Morag.Redis.TestServers;

namespace Morag.Failover.Node.Tests.Configuration;

/// <summary><c>morag.tls</c> and <c>morag.http-tls</c>, and the files that they name.</summary>
public sealed class TlsOptionsSpecs : IDisposable
{
    private readonly TestAuthority authority = new();
    private readonly TestAuthority other = new();

    public void Dispose()
    {
        authority.Dispose();
        other.Dispose();
    }

    [Fact]
    public void Should_run_without_TLS_when_nothing_is_set()
    {
        var options = NodeOptions.Load([], _ => null);

        Assert.Null(TlsOptionsReader.LoadCluster(options, TimeProvider.System));
        Assert.Null(options.HttpTls);
    }

    [Fact]
    public void Should_load_a_certificate_and_its_key_when_they_are_PEM_files()
    {
        var (certificate, key) = authority.Issue(new() { Names = ["127.0.0.1"] });

        var options = Options("--tls-certificate", certificate, "--tls-key", key, "--seeds", "node-1:4053", "--redis", "redis");

        Assert.True(TlsOptionsReader.LoadCluster(options, TimeProvider.System)!.Certificate.Own.HasPrivateKey);
        Assert.Equal(["akka.ssl.tcp://morag@node-1:4053"], options.Seeds);
        Assert.True(options.ActorSystemConfig("redis").GetBoolean("akka.remote.dot-netty.tcp.enable-ssl"));
    }

    [Fact]
    public void Should_load_a_certificate_and_its_key_when_they_are_in_one_PEM_file()
    {
        var (certificate, key) = authority.Issue(new() { Names = ["127.0.0.1"] });
        var both = authority.WriteFile($"{File.ReadAllText(key)}\n{File.ReadAllText(certificate)}\n");

        Assert.NotNull(TlsOptionsReader.LoadCluster(Options("--tls-certificate", both), TimeProvider.System));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Should_open_the_key_with_the_password_when_it_is_encrypted(bool pkcs12)
    {
        var wanted = new TestCertificate { Names = ["127.0.0.1"], Password = "open sesame" };
        var password = authority.WriteFile("open sesame\n");
        var (certificate, key) = pkcs12 ? (authority.IssuePkcs12(wanted), "") : authority.Issue(wanted);

        var options = Options("--tls-certificate", certificate, "--tls-key", key, "--tls-password-file", password);

        Assert.True(TlsOptionsReader.LoadCluster(options, TimeProvider.System)!.Certificate.Own.HasPrivateKey);
    }

    [Fact]
    public void Should_read_the_environment_when_the_command_line_gives_nothing()
    {
        var (certificate, key) = authority.Issue(new() { Names = ["127.0.0.1"] });
        var environment = new Dictionary<string, string>
        {
            ["MORAG_TLS_CERTIFICATE"] = certificate,
            ["MORAG_TLS_KEY"] = key,
            ["MORAG_TLS_AUTHORITIES"] = authority.CertificatePath,
            ["MORAG_HTTP"] = "https://127.0.0.1:8443",
            ["MORAG_HTTP_TLS_CERTIFICATE"] = certificate,
            ["MORAG_HTTP_TLS_KEY"] = key,
        };

        var options = NodeOptions.Load([], name => environment.GetValueOrDefault(name));

        Assert.NotNull(TlsOptionsReader.LoadCluster(options, TimeProvider.System));
        Assert.Equal(certificate, options.HttpTls!.Certificate);
    }

    [Fact]
    public void Should_name_the_certificate_when_its_file_is_missing() =>
        IsRefused("morag.tls.certificate = \"/nowhere/node.crt\"", "cannot be read", "/nowhere/node.crt", null);

    [Fact]
    public void Should_name_the_certificate_when_its_file_contains_something_else() =>
        IsRefused("morag.tls.certificate", "neither PEM nor a PKCS#12 file", authority.WriteFile("nonsense"), null);

    [Fact]
    public void Should_name_the_certificate_when_it_has_expired()
    {
        var (certificate, key) = authority.Issue(new() { Names = ["127.0.0.1"], Expired = true });

        IsRefused("morag.tls.certificate", "the certificate expired on", certificate, key);
    }

    [Fact]
    public void Should_name_the_certificate_when_another_authority_has_issued_it()
    {
        var (certificate, key) = other.Issue(new() { Names = ["127.0.0.1"] });

        IsRefused("morag.tls.certificate", "the authorities do not accept the certificate", certificate, key);
    }

    [Fact]
    public void Should_name_the_certificate_when_it_is_for_servers_only()
    {
        var (certificate, key) = authority.Issue(new() { Names = ["127.0.0.1"], Usage = TestCertificate.ServerUsage });

        IsRefused("morag.tls.certificate", "NotValidForUsage", certificate, key);
    }

    [Fact]
    public void Should_name_the_certificate_when_it_is_for_another_host()
    {
        var (certificate, key) = authority.Issue(new() { Names = ["node-1.example"] });

        IsRefused("morag.tls.certificate", "does not name 127.0.0.1 (morag.host)", certificate, key);
    }

    [Fact]
    public void Should_name_the_key_when_its_file_is_missing() =>
        IsRefused("morag.tls.key", "cannot be read", authority.Issue(new() { Names = ["127.0.0.1"] }).Certificate, "/nowhere/node.key");

    [Fact]
    public void Should_name_the_key_when_neither_file_contains_it() =>
        IsRefused("morag.tls.key", "contains no private key", authority.Issue(new() { Names = ["127.0.0.1"] }).Certificate, null);

    [Fact]
    public void Should_name_the_key_when_it_belongs_to_another_certificate() => IsRefused(
        "morag.tls.key",
        "the key does not belong to the certificate",
        authority.Issue(new() { Names = ["127.0.0.1"] }).Certificate,
        authority.Issue(new() { Names = ["127.0.0.1"] }).Key);

    [Fact]
    public void Should_not_show_the_password_when_it_does_not_open_the_key()
    {
        var (certificate, key) = authority.Issue(new() { Names = ["127.0.0.1"], Password = "right" });

        var refusal = Refusal(
            "--tls-certificate", certificate, "--tls-key", key, "--tls-password-file", authority.WriteFile("wrong-password"));

        Assert.Contains("morag.tls.key", refusal, StringComparison.Ordinal);
        Assert.Contains("the password must be right", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-password", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_name_the_password_file_when_it_is_missing()
    {
        var certificate = authority.IssuePkcs12(new() { Names = ["127.0.0.1"], Password = "right" });

        var refusal = Refusal("--tls-certificate", certificate, "--tls-password-file", "/nowhere/password");

        Assert.Contains("morag.tls.password-file = \"/nowhere/password\" is refused", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/authorities.pem", "cannot be read")]
    [InlineData("", "the authorities whose certificates admit other nodes are needed")]
    [InlineData("a certificate that is no root", "contains no root certificate")]
    public void Should_name_the_authorities_when_they_cannot_be_used(string authorities, string why)
    {
        var (certificate, key) = authority.Issue(new() { Names = ["127.0.0.1"] });
        var file = authorities.StartsWith("a certificate", StringComparison.Ordinal) ? certificate : authorities;

        var refusal = Refusal("--tls-certificate", certificate, "--tls-key", key, "--tls-authorities", file);

        Assert.Contains("morag.tls.authorities", refusal, StringComparison.Ordinal);
        Assert.Contains(why, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tls-authorities", "morag.tls.authorities is set, so a certificate is needed")]
    [InlineData("--tls-key", "morag.tls.key is set, so a certificate is needed")]
    [InlineData("--http-tls-key", "morag.http-tls.key is set, so a certificate is needed")]
    public void Should_refuse_to_run_without_TLS_when_a_part_of_its_settings_is_there(string option, string why) => Assert.Contains(
        why,
        Assert.Throws<ConfigurationRefusedException>(() => NodeOptions.Load([option, "file"], _ => null)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Should_refuse_the_certificate_of_the_API_when_no_URL_uses_it() => Assert.Contains(
        "morag.http-tls.certificate is set, so at least one https URL is needed",
        Assert.Throws<ConfigurationRefusedException>(() => NodeOptions.Load(["--http-tls-certificate", "file"], _ => null)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Should_refuse_TLS_of_the_transport_without_the_settings_that_authenticate_nodes()
    {
        var file = authority.WriteFile("akka.remote.dot-netty.tcp.enable-ssl = on");

        Assert.Contains(
            "set morag.tls.certificate instead",
            Assert.Throws<ConfigurationRefusedException>(() => NodeOptions.Load(["--config", file], _ => null)).Message,
            StringComparison.Ordinal);
    }

    private void IsRefused(string setting, string why, string certificate, string? key)
    {
        var refusal = Refusal("--tls-certificate", certificate, "--tls-key", key ?? "");

        Assert.StartsWith(setting, refusal, StringComparison.Ordinal);
        Assert.Contains("is refused", refusal, StringComparison.Ordinal);
        Assert.Contains(why, refusal, StringComparison.Ordinal);
    }

    private string Refusal(params string[] arguments) => Assert.Throws<ConfigurationRefusedException>(
        () => TlsOptionsReader.LoadCluster(Options(arguments), TimeProvider.System)).Message;

    private NodeOptions Options(params string[] arguments) => NodeOptions.Load(
        arguments.Contains("--tls-authorities") ? arguments : [.. arguments, "--tls-authorities", authority.CertificatePath], _ => null);
}
