using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Configuration;
using Akka.Coordination;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Tests.Http;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>
/// The lease of the split brain resolver and the presence of nodes on a Redis with the rights that docs/operations.md gives their user.
/// </summary>
public sealed class SecureRedisSpecs
{
    private const string Administrator = "administrator-secret";
    private const string Password = "user-secret";
    private const string OnSentinels = "# on each sentinel";

    [RequiresRedisServerFact]
    public async Task Should_hold_the_lease_and_the_presence_when_Redis_has_TLS_and_a_user_with_the_documented_rights()
    {
        using var authority = new TestAuthority();
        var port = RedisTestServer.FreePort();
        var server = new RedisServer
        {
            Password = Administrator,
            Settings = ["--requirepass", Administrator, .. authority.CreateTlsArguments(port)],
        };
        try
        {
            await server.InitializeAsync();
            await using var redis = await server.ConnectAsync();
            await redis.GetDatabase().ExecuteAsync("ACL", ["SETUSER", "morag", "on", $">{Password}", .. Rights(sentinel: false)]);
            var connection = $"127.0.0.1:{port},ssl=true,sslHost=localhost,user=morag,password={Password}";

            await HoldsTheLeaseAsync(connection, authority.CertificatePath, redis);
            await IsPresentAsync(connection, authority.CertificatePath);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [RequiresRedisServerTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_hold_the_lease_and_the_presence_when_Sentinel_and_Redis_require_a_user_and_a_password(bool overTls)
    {
        using var authority = new TestAuthority();
        var trusted = overTls ? authority.CertificatePath : null;
        var sentinels = RedisSentinels.WithAccess(new SentinelAccess
        {
            Administrator = Administrator,
            User = "morag",
            Password = Password,
            Rights = Rights(sentinel: false),
            SentinelRights = Rights(sentinel: true),
            Tls = overTls ? authority : null,
        });
        try
        {
            await sentinels.InitializeAsync();
            var (primary, _) = await sentinels.RolesAsync();
            await using var redis = await primary.ConnectAsync();

            await HoldsTheLeaseAsync(sentinels.ConnectionString, trusted, redis);
            await IsPresentAsync(sentinels.ConnectionString, trusted);
        }
        finally
        {
            await sentinels.DisposeAsync();
        }
    }

    private static async Task HoldsTheLeaseAsync(string connection, string? authority, ConnectionMultiplexer administrator)
    {
        var system = ActorSystem.Create("lease", ConfigurationFactory.ParseString(
            $$"""
            akka.loglevel = ERROR
            akka.coordination.lease.redis {
              lease-class = "{{typeof(RedisLease).AssemblyQualifiedName}}"
              connection-string = "{{connection}}"
              tls-trusted-issuer = "{{authority}}"
              heartbeat-timeout = 300s, heartbeat-interval = 200ms, lease-operation-timeout = 20s
            }
            """));
        try
        {
            var lease = LeaseProvider.Get(system).GetLease("morag-split-brain", "akka.coordination.lease.redis", "node");
            await Eventually.IsTrue(() => AcquiredAsync(lease));
            // Only a renewal extends the expiry.
            await Eventually.IsTrue(async () => (await StatisticsAsync(administrator)).Contains("cmdstat_pexpire"));
            Assert.True(await lease.Release());
        }
        finally
        {
            await system.Terminate();
        }
    }

    private static async Task IsPresentAsync(string connection, string? authority)
    {
        using var table = new PresenceTable(new PresenceTableSettings
        {
            ConnectionString = connection,
            Authority = authority,
            Timeout = TimeSpan.FromSeconds(30),
        });
        await Eventually.IsTrue(async () => await ReadAsync(table) is { Nodes: not null });
        await table.EndAsync("other");
        Assert.True(await table.TakeOverAsync("node", from: "other"));
    }

    private static async Task<bool> AcquiredAsync(Lease lease)
    {
        try
        {
            return await lease.Acquire();
        }
        catch (LeaseException)
        {
            // Not connected yet.
            return false;
        }
    }

    private static async Task<PresenceReading?> ReadAsync(PresenceTable table)
    {
        try
        {
            return await table.RenewAsync("node");
        }
        catch (PresenceException)
        {
            // Not connected yet.
            return null;
        }
    }

    private static async Task<HashSet<string>> StatisticsAsync(ConnectionMultiplexer administrator) =>
        (await administrator.GetServers()[0].InfoAsync("commandstats"))
            .SelectMany(section => section)
            .Where(entry => !entry.Value.StartsWith("calls=0,", StringComparison.Ordinal))
            .Select(entry => entry.Key)
            .ToHashSet();

    private static string[] Rights(bool sentinel) =>
    [
        .. File.ReadLines(Path.Combine(Root(), "docs", "operations.md"))
            .Where(line => line.StartsWith("ACL SETUSER morag ", StringComparison.Ordinal))
            .Where(line => line.EndsWith(OnSentinels, StringComparison.Ordinal) == sentinel)
            .SelectMany(line => line.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[3..])
            .Where(right => right is not ("on" or ">PASSWORD")),
    ];

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
