using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http;
using Morag.Redis.TestServers;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>The certificate of the HTTP API while its files change.</summary>
public sealed class HttpCertificateSpecs : IDisposable
{
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
    private readonly TestAuthority authority = new();
    private readonly string certificate;
    private readonly string key;
    private readonly HttpCertificate subject;

    public HttpCertificateSpecs()
    {
        (certificate, key) = authority.Issue(new() { Names = ["first"] });
        subject = new HttpCertificate(new() { Certificate = certificate, Key = key }, time, NullLogger.Instance);
    }

    public void Dispose() => authority.Dispose();

    [Fact]
    public void Should_use_the_new_certificate_when_its_files_were_replaced()
    {
        Assert.Equal("CN=first", Next());

        var (newCertificate, newKey) = authority.Issue(new() { Names = ["second"] });
        File.Copy(newCertificate, certificate, overwrite: true);
        File.Copy(newKey, key, overwrite: true);

        Assert.Equal("CN=second", Next());
    }

    [Fact]
    public void Should_keep_the_certificate_until_both_files_are_new()
    {
        var (newCertificate, newKey) = authority.Issue(new() { Names = ["second"] });
        File.Copy(newCertificate, certificate, overwrite: true);
        Assert.Equal("CN=first", Next());

        File.Delete(key);
        Assert.Equal("CN=first", Next());

        File.Copy(newKey, key);
        Assert.Equal("CN=second", Next());
    }

    [Fact]
    public void Should_keep_the_certificate_when_the_new_one_has_expired()
    {
        var (newCertificate, newKey) = authority.Issue(new() { Names = ["second"], Expired = true });
        File.Copy(newCertificate, certificate, overwrite: true);
        File.Copy(newKey, key, overwrite: true);

        Assert.Equal("CN=first", Next());
    }

    [Fact]
    public void Should_try_a_refused_certificate_again_when_its_files_have_not_changed()
    {
        var (newCertificate, newKey) = authority.Issue(new() { Names = ["second"], ValidTomorrow = true });
        File.Copy(newCertificate, certificate, overwrite: true);
        File.Copy(newKey, key, overwrite: true);
        Assert.Equal("CN=first", Next());

        time.Advance(TimeSpan.FromDays(2));

        Assert.Equal("CN=second", Next());
    }

    [Fact]
    public void Should_name_the_setting_when_a_file_cannot_be_used_at_the_start() => Assert.StartsWith(
        "morag.http-tls.certificate = \"/nowhere/http.crt\" is refused: it cannot be read",
        Assert.Throws<ConfigurationRefusedException>(
            () => new HttpCertificate(new() { Certificate = "/nowhere/http.crt" }, time, NullLogger.Instance)).Message,
        StringComparison.Ordinal);

    private string Next()
    {
        time.Advance(TimeSpan.FromSeconds(2));
        return subject.Current.TargetCertificate.Subject;
    }
}
