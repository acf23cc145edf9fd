using System.Globalization;
using Akka.Configuration;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// The identity of the data in a Redis: the journal id, which the first node draws, and the partition counts that the stored state was
/// distributed by. Each node also keeps the id outside Redis. It never accepts another journal, an older state or an empty Redis in place
/// of its journal unless an operator accepts the loss.
/// </summary>
public sealed class ClusterIdentity
{
    private const string PartitionsKey = "morag:partitions";
    private const string RolePrefix = "journal-";

    private ClusterIdentity(string journalId) => JournalId = journalId;

    /// <summary>The id of the journal.</summary>
    public string JournalId { get; }

    /// <summary>The cluster role that identifies the nodes on this journal.</summary>
    public string Role => RolePrefix + JournalId;

    /// <summary>The journal role among a member's roles, or null.</summary>
    public static string? RoleAmong(IEnumerable<string> roles) =>
        roles.FirstOrDefault(IsInternal);

    /// <summary>Whether a role is one that nodes give themselves, which says nothing to operators.</summary>
    public static bool IsInternal(string role) => role.StartsWith(RolePrefix, StringComparison.Ordinal);

    /// <summary>Claims the data for this node, or verifies an earlier claim.</summary>
    /// <param name="store">The Redis with the data.</param>
    /// <param name="partitions">The partition counts of this node.</param>
    /// <param name="record">What this node has recorded about its journal.</param>
    /// <param name="time">The clock for the time of the record.</param>
    /// <param name="log">The log for warnings to the operator.</param>
    /// <exception cref="StoreRefusedException">The data is not this node's, is incomplete, or Redis cannot be used.</exception>
    public static async Task<ClusterIdentity> ClaimAsync(
        StoreAddress store, PartitionSettings partitions, JournalRecord record, TimeProvider time, ILogger log)
    {
        try
        {
            await using var connection = await store.ConnectAsync("morag-claim", waits: false);
            var redis = connection.GetDatabase();
            await CheckPolicyAsync(redis, store, log);
            var found = await FoundStore.ReadAsync(redis);
            var journalId = StoreComparison.AtStart(found, record.Current) switch
            {
                StoreVerdict.Same => found.JournalId!,
                StoreVerdict.Empty => await FirstValueAsync(redis, FoundStore.JournalIdKey, NewId()),
                StoreVerdict.Other other => Adopt(found.JournalId!, other.Why, log),
                StoreVerdict.Lost lost => await AcceptLossAsync(redis, store, found, record.Current, lost.What, log),
                var unknown => throw new InvalidOperationException($"Unknown verdict {unknown}."),
            };
            await ClaimPartitionsAsync(redis, partitions);
            Remember(record, journalId, time);
            return new ClusterIdentity(journalId);
        }
        catch (Exception unreachable) when (StoreFailure.Is(unreachable))
        {
            throw new StoreRefusedException(
                (store.IsConfigured ? "morag.redis is refused: " : "")
                + $"{store.Name} cannot be used ({RedisErrorText.Describe(unreachable)})");
        }
    }

    /// <summary>
    /// The node's roles including the journal role, and the identity that the journal checks in Redis before it reads or writes.
    /// </summary>
    public Config Settings(NodeOptions options) => ConfigurationFactory.ParseString(
        $$"""
        akka.cluster.roles = [{{string.Join(", ", options.Roles.Append(Role).Select(role => $"\"{role}\""))}}]
        akka.persistence.journal.redis.identity { key = "{{FoundStore.JournalIdKey}}", value = "{{JournalId}}" }
        akka.coordination.lease.redis.identity { key = "{{FoundStore.JournalIdKey}}", value = "{{JournalId}}" }
        akka.persistence.snapshot-store.redis.identity { key = "{{FoundStore.JournalIdKey}}", value = "{{JournalId}}" }
        """);

    private static string NewId() => Guid.NewGuid().ToString("N");

    private static string Adopt(string journalId, string? why, ILogger log)
    {
        if (why is not null)
        {
            log.ContinuesWithJournal(why);
        }

        return journalId;
    }

    /// <summary>
    /// Continues with the existing data after an operator has accepted the loss. The journal gets a new id so that nodes that still know
    /// the
    /// lost data write nothing to it.
    /// </summary>
    private static async Task<string> AcceptLossAsync(
        IDatabase redis, StoreAddress store, FoundStore found, RecordedJournal? recorded, string what, ILogger log)
    {
        var token = recorded?.LossToken ?? found.LossToken;
        if (!store.AcceptsAnyLoss && store.AcceptedLoss != token)
        {
            throw new StoreRefusedException(
                $"{store.Name} is refused: {what}. Point the node to the Redis it used before, or restore that data "
                + "from a backup. To continue with the data that Redis holds now, start once with "
                + $"{NodeSetting.AcceptDataLoss.Option} {token}");
        }

        log.LossAccepted(what);
        if (recorded is not null && found.JournalId is { } another && another != recorded.JournalId)
        {
            return another;
        }

        var journalId = NewId();
        var change = redis.CreateTransaction();
        _ = change.AddCondition(found.JournalId is { } old
            ? Condition.StringEqual(FoundStore.JournalIdKey, old)
            : Condition.KeyNotExists(FoundStore.JournalIdKey));
        _ = change.StringSetAsync(FoundStore.JournalIdKey, journalId);
        if (recorded is not null)
        {
            _ = change.SetAddAsync(FoundStore.ReplacedKey, recorded.JournalId);
        }

        return await change.ExecuteAsync()
            ? journalId
            : throw new StoreRefusedException($"{store.Name} was changed by another node at the same time. Start this node again");
    }

    private static async Task CheckPolicyAsync(IDatabase redis, StoreAddress store, ILogger log)
    {
        if (await MemoryPolicy.ReadAsync(redis) is not { } policy)
        {
            log.PolicyUnknown(store.Name);
            return;
        }

        if (policy.Refusal is { } refusal)
        {
            throw new StoreRefusedException($"{store.Name} is refused: {refusal}");
        }

        if (policy.Warning is { } warning)
        {
            log.PolicyWarning(store.Name, warning);
        }

        if (policy.Note is { } note)
        {
            log.PolicyNote(store.Name, note);
        }
    }

    private static async Task ClaimPartitionsAsync(IDatabase redis, PartitionSettings partitions)
    {
        var stored = await FirstValueAsync(redis, PartitionsKey, Text(partitions));
        if (stored != Text(partitions))
        {
            throw new StoreRefusedException(
                $"morag.failover.partitions = {Text(partitions)} is refused: the data in this Redis was stored with {stored} and cannot be "
                + "redistributed. Use the stored numbers");
        }
    }

    /// <summary>
    /// Records the journal id. <see cref="JournalWatch"/> records the number of writes later, because the latest writes may not be on the
    /// disk of Redis yet.
    /// </summary>
    private static void Remember(JournalRecord record, string journalId, TimeProvider time)
    {
        var isSame = record.Current?.JournalId == journalId;
        try
        {
            record.Replace(new RecordedJournal
            {
                JournalId = journalId,
                Writes = isSame ? record.Current!.Writes : 0,
                SeenAt = time.GetUtcNow(),
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"The node cannot write {record.File}, which records the id of its journal: {e.Message}");
        }
    }

    private static async Task<string> FirstValueAsync(IDatabase database, string key, string value)
    {
        await database.StringSetAsync(key, value, when: When.NotExists);
        return (string?)await database.StringGetAsync(key)
            ?? throw new StoreRefusedException($"Redis does not keep what is written: {key} was gone right after the write");
    }

    private static string Text(PartitionSettings partitions) => string.Create(
        CultureInfo.InvariantCulture,
        $"queues {partitions.Queues}, coordinators {partitions.Coordinators}, directory-buckets {partitions.DirectoryBuckets}, ")
        + string.Create(CultureInfo.InvariantCulture, $"worker-shards {partitions.WorkerShards}");
}
