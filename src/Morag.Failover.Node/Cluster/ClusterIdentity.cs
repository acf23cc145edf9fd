using System.Globalization;
using Akka.Configuration;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Configuration;
using StackExchange.Redis;

namespace Morag.Failover.Node.Cluster;

/// <summary>The data in Redis does not fit this node.</summary>
public sealed class ClusterIdentityException(string message) : Exception(message);

/// <summary>
/// What makes the data in one Redis belong together: an id, drawn by the first node that ever used it, and the numbers of partitions
/// that the stored state was spread by.
/// </summary>
public sealed class ClusterIdentity
{
    private const string JournalIdKey = "morag:journal-id";
    private const string PartitionsKey = "morag:partitions";
    private const string RolePrefix = "journal-";

    private ClusterIdentity(string journalId) => JournalId = journalId;

    /// <summary>The id of the journal.</summary>
    public string JournalId { get; }

    /// <summary>The role by which nodes on the same journal know each other.</summary>
    public string Role => RolePrefix + JournalId;

    /// <summary>The journal's role among a member's roles, or null.</summary>
    public static string? RoleAmong(IEnumerable<string> roles) =>
        roles.FirstOrDefault(role => role.StartsWith(RolePrefix, StringComparison.Ordinal));

    /// <summary>Claims the data for these partitions, or finds that it was claimed for the same before.</summary>
    /// <exception cref="ClusterIdentityException">It was claimed for other numbers, or Redis cannot be reached.</exception>
    public static async Task<ClusterIdentity> ClaimAsync(string redis, PartitionSettings partitions)
    {
        try
        {
            await using var connection = await ConnectionMultiplexer.ConnectAsync(redis);
            var database = connection.GetDatabase();
            var stored = await FirstValueAsync(database, PartitionsKey, Text(partitions));
            if (stored != Text(partitions))
            {
                throw new ClusterIdentityException(
                    $"morag.failover.partitions = {Text(partitions)} is refused: the data in this Redis was stored with {stored}, and cannot be spread anew");
            }

            return new ClusterIdentity(await FirstValueAsync(database, JournalIdKey, Guid.NewGuid().ToString("N")));
        }
        catch (Exception unreachable) when (unreachable is RedisException or TimeoutException)
        {
            throw new ClusterIdentityException(
                $"morag.redis is refused: Redis at {Servers(redis)} cannot be used ({unreachable.GetBaseException().Message.ReplaceLineEndings(" ")})");
        }
    }

    /// <summary>The node's roles, with that of the journal.</summary>
    public Config Roles(NodeOptions options) => ConfigurationFactory.ParseString(
        $"akka.cluster.roles = [{string.Join(", ", options.Roles.Append(Role).Select(role => $"\"{role}\""))}]");

    private static async Task<string> FirstValueAsync(IDatabase database, string key, string value)
    {
        await database.StringSetAsync(key, value, when: When.NotExists);
        return (string?)await database.StringGetAsync(key)
            ?? throw new ClusterIdentityException($"Redis does not keep what is written: {key} is gone at once");
    }

    private static string Servers(string redis) =>
        string.Join(", ", ConfigurationOptions.Parse(redis).EndPoints.Select(EndPointCollection.ToString));

    private static string Text(PartitionSettings partitions) => string.Create(
        CultureInfo.InvariantCulture,
        $"queues {partitions.Queues}, coordinators {partitions.Coordinators}, directory-buckets {partitions.DirectoryBuckets}, worker-shards {partitions.WorkerShards}");
}
