using System.Text;
using Morag.Failover.Contracts.Queues;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Security;

/// <summary>What <see cref="SecureCluster"/> left behind.</summary>
public sealed class SecureClusterSpecs(SecureCluster cluster) : IClassFixture<SecureCluster>
{
    // The Redis client asks for these at each connection, and does without if it is not allowed to.
    private static readonly string[] NotNeeded =
    [
        "command client|setname", "command client|setinfo", "command client|id", "command config|get", "command cluster|nodes",
        "command cluster|slots", "command script|load", "command subscribe", "key __Booksleeve_TieBreak",
    ];

    // What every user may run, or the test itself runs.
    private static readonly string[] NotOfTheUser =
    [
        "auth", "hello", "quit", "acl|setuser", "acl|log", "acl|whoami", "config|resetstat", "config|get", "client|setname",
        "client|setinfo", "client|id", "client|list", "cluster|nodes", "cluster|slots", "subscribe", "select",
        "command", "dump", "reset", "unsubscribe",
    ];

    // Documented, but not used in this story: the repair of a journal after a crash of Redis, the lease of the split brain resolver
    // (RedisLeaseSpecs), forgetting, and --accept-data-loss.
    private static readonly string[] NotUsedHere =
    [
        "set", "mget", "zrem", "zremrangebyscore", "zrange", "zrevrange", "expire", "pexpire", "del", "hdel", "sadd", "multi", "exec",
        "watch", "unwatch", "discard",
    ];

    [RequiresRedisServerFact]
    public void Should_serve_and_take_over_when_every_connection_has_TLS_and_the_documented_rights()
    {
        Assert.Contains("MORAG_TASK_ID=before", cluster.ResultOfTask, StringComparison.Ordinal);
        Assert.Equal(TaskState.Succeeded, cluster.AfterTakeOver);
        Assert.Equal([cluster.TlsPort], cluster.PortsOfNodes);
        Assert.Equal(0, cluster.Runs["with the right settings"].ExitCode);
        Assert.True(cluster.ClusterClientExitCode == 0, cluster.Outputs["cluster client"]);
    }

    [RequiresRedisServerFact]
    public void Should_need_every_right_that_is_documented_and_no_other()
    {
        var rights = SecureCluster.DocumentedRights.SelectMany(line => line).ToList();
        var granted = rights.Where(right => right[0] == '+').Select(right => right[1..]).ToHashSet();

        Assert.Equal(
            ("", "", ""),
            (Words(cluster.Denied.Except(NotNeeded)),
                Words(cluster.UsedCommands.Except(granted).Except(NotOfTheUser)),
                Words(granted.Except(cluster.UsedCommands).Except(NotUsedHere))));

        static string Words(IEnumerable<string> words) => string.Join(' ', words.Order());
    }

    [RequiresRedisServerFact]
    public void Should_keep_out_a_node_with_a_certificate_of_another_authority_and_one_without_TLS()
    {
        Assert.Equal(2, cluster.Members.Count);
        Assert.All(cluster.Members, member => Assert.StartsWith("akka.ssl.tcp://morag@127.0.0.1:", member, StringComparison.Ordinal));
        Assert.Contains(
            "is refused: the authorities do not accept the certificate CN=127.0.0.1",
            cluster.Outputs["killed node"],
            StringComparison.Ordinal);
    }

    [RequiresRedisServerTheory]
    [InlineData("without the authority", "Give the authority of its certificate with --ca or MORAG_CA")]
    [InlineData("with another authority", "Give the authority of its certificate with --ca or MORAG_CA")]
    [InlineData("at another name", "RemoteCertificateNameMismatch")]
    [InlineData("with a wrong token", "the node rejected the token")]
    [InlineData("without TLS", "no node answers at")]
    public void Should_say_what_is_wrong_when_morag_cannot_call_the_node(string run, string said)
    {
        Assert.NotEqual(0, cluster.Runs[run].ExitCode);
        Assert.Contains(said, cluster.Runs[run].Error, StringComparison.Ordinal);
    }

    [RequiresRedisServerFact]
    public void Should_show_no_secret_in_any_output_command_line_stored_value_or_environment_of_a_command()
    {
        Assert.NotEmpty(cluster.CommandLines);
        Assert.NotEmpty(cluster.Stored);
        Assert.Contains("[DEBUG]", cluster.Outputs["surviving node"], StringComparison.Ordinal);
        foreach (var (name, secret) in cluster.Secrets)
        {
            Assert.All(cluster.Outputs, output => Assert.False(
                output.Value.Contains(secret, StringComparison.Ordinal), $"{output.Key} shows the {name}"));
            Assert.All(cluster.CommandLines, line => Assert.False(
                line.Contains(secret, StringComparison.Ordinal), $"{line} shows the {name}"));
            Assert.DoesNotContain(secret, cluster.ResultOfTask, StringComparison.Ordinal);
            Assert.All(cluster.Stored, value => Assert.True(
                value.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, $"Redis holds the {name}"));
        }
    }
}
