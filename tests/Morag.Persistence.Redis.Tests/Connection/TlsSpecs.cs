using Akka.Configuration;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Tests.Conformance;
using Morag.Persistence.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Tests.Connection;

/// <summary>TLS with certificates that the test creates.</summary>
public sealed class TlsSpecs : IDisposable
{
    private readonly string _id = $"id-{Guid.NewGuid():n}";
    private readonly int _port = RedisTestServer.FreePort();
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [RequiresRedisServerFact]
    public async Task Should_store_and_recover_when_the_authority_is_trusted()
    {
        await using var server = await ServeAsync(_authority.CreateTlsArguments(_port));
        await using var client = Client(_authority);

        await client.WriteAsync(_id, 1);
        await client.SaveSnapshotAsync(new(_id, 1, DateTime.UnixEpoch), "state");

        (await client.RecoverAsync(_id)).Highest.Should(1);
        (await client.LoadSnapshotAsync(_id))!.Snapshot.Should("state");
    }

    [RequiresRedisServerFact]
    public async Task Should_reject_the_certificate_when_another_authority_issued_it()
    {
        using var other = new TestAuthority();
        await using var server = await ServeAsync(other.CreateTlsArguments(_port));

        Assert.Contains("certificate", await FailureAsync(Client(_authority)), StringComparison.Ordinal);
    }

    [RequiresRedisServerFact]
    public async Task Should_reject_the_certificate_when_no_authority_is_trusted()
    {
        await using var server = await ServeAsync(_authority.CreateTlsArguments(_port));

        Assert.Contains("UntrustedRoot", await FailureAsync(Client(authority: null)), StringComparison.Ordinal);
    }

    [RequiresRedisServerFact]
    public async Task Should_reject_the_certificate_when_it_is_for_another_host()
    {
        await using var server = await ServeAsync(_authority.CreateTlsArguments(_port, host: "elsewhere.example"));

        Assert.Contains("certificate", await FailureAsync(Client(_authority)), StringComparison.Ordinal);
    }

    [RequiresRedisServerFact]
    public async Task Should_reject_the_certificate_when_it_has_expired()
    {
        await using var server = await ServeAsync(_authority.CreateTlsArguments(_port, expired: true));

        Assert.Contains("certificate", await FailureAsync(Client(_authority)), StringComparison.Ordinal);
    }

    [RequiresRedisServerFact]
    public async Task Should_suggest_causes_when_only_one_side_expects_tls()
    {
        await using var server = await ServeAsync(_authority.CreateTlsArguments(_port));

        var plain = new JournalClient(Plugins.At($"127.0.0.1:{_port}", Plugins.Patient));
        Assert.Contains("TLS on both sides", await FailureAsync(plain), StringComparison.Ordinal);
    }

    [Fact]
    public void Should_reject_the_settings_when_the_authority_cannot_be_read()
    {
        var section = ConfigurationFactory.ParseString("""
            configuration-string = "localhost,ssl=true"
            tls-trusted-issuer = "/nowhere/authority.pem"
            """);

        var refused = Assert.Throws<ConfigurationException>(() => RedisSettings.Read(section, "the.plugin"));

        Assert.Contains("the.plugin.tls-trusted-issuer", refused.Message, StringComparison.Ordinal);
        Assert.Contains("/nowhere/authority.pem", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<RedisServer> ServeAsync(IReadOnlyList<string> tls)
    {
        var server = new RedisServer { Settings = tls };
        await server.InitializeAsync();
        return server;
    }

    private async Task<string> FailureAsync(JournalClient client)
    {
        await using (client)
        {
            var failure = await Assert.ThrowsAsync<RedisConnectionException>(() => client.WriteAsync(_id, 1));
            Assert.Contains(
                $"akka.persistence.journal.redis cannot connect to Redis at 127.0.0.1:{_port}: ",
                failure.Message,
                StringComparison.Ordinal);
            return failure.Message;
        }
    }

    private JournalClient Client(TestAuthority? authority) => new(Plugins.At($"127.0.0.1:{_port},ssl=true,sslHost=localhost", $$"""
        akka.persistence.journal.redis.tls-trusted-issuer = "{{authority?.CertificatePath}}"
        akka.persistence.snapshot-store.redis.tls-trusted-issuer = "{{authority?.CertificatePath}}"
        {{Plugins.Patient}}
        """));
}
