using System.Globalization;
using Akka.Configuration;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Stores;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// What makes the data in one Redis belong together: an id, drawn by the first node that ever used it, and the numbers of partitions
/// that the stored state was spread by. A node keeps the id outside Redis, too, and never takes another journal, an older state of its
/// own, or nothing at all for it, unless an operator has said so.
/// </summary>
public sealed class ClusterIdentity
{
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

    /// <summary>Claims the data for this node and these partitions, or finds that it was claimed for the same before.</summary>
    /// <param name="store">Where the data is.</param>
    /// <param name="partitions">The numbers of partitions of this node.</param>
    /// <param name="record">What this node knows of its journal.</param>
    /// <param name="time">Tells when the data was seen.</param>
    /// <param name="log">Receives a line for each thing that an operator should know.</param>
    /// <exception cref="StoreRefusedException">The data is not what it has to be, or Redis cannot be used.</exception>
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
                StoreVerdict.Lost lost => await BeginAnewAsync(redis, store, found, record.Current, lost.What, log),
                var unknown => throw new InvalidOperationException($"{unknown} is not known"),
            };
            await ClaimPartitionsAsync(redis, partitions);
            Remember(record, journalId, time);
            return new ClusterIdentity(journalId);
        }
        catch (Exception unreachable) when (StoreFailure.Is(unreachable))
        {
            throw new StoreRefusedException(
                $"{(store.IsConfigured ? "morag.redis is refused: " : "")}{store.Name} cannot be used ({RedisErrorText.Describe(unreachable)})");
        }
    }

    /// <summary>The node's roles, with that of the journal; and what the journal has to find in Redis before it writes or recovers.</summary>
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
            log.LogWarning("This node follows: {Why}", why);
        }

        return journalId;
    }

    /// <summary>An operator goes on with what is there: under another id, so that nodes that still know the lost data write nothing into it.</summary>
    private static async Task<string> BeginAnewAsync(
        IDatabase redis, StoreAddress store, FoundStore found, RecordedJournal? recorded, string what, ILogger log)
    {
        var token = recorded?.LossToken ?? found.LossToken;
        if (!store.AcceptsAnyLoss && store.AcceptedLoss != token)
        {
            throw new StoreRefusedException(
                $"{store.Name} is refused: {what}. Give the node the Redis that it had, or restore its data from a backup. To go on with the data it "
                + $"has now, start once with {NodeSetting.AcceptDataLoss.Option} {token}");
        }

        log.LogWarning("This loss of data is accepted, as asked for: {What}", what);
        if (recorded is not null && found.JournalId is { } another && another != recorded.JournalId)
        {
            return another;
        }

        var journalId = NewId();
        var change = redis.CreateTransaction();
        _ = change.AddCondition(found.JournalId is { } old ? Condition.StringEqual(FoundStore.JournalIdKey, old) : Condition.KeyNotExists(FoundStore.JournalIdKey));
        _ = change.StringSetAsync(FoundStore.JournalIdKey, journalId);
        if (recorded is not null)
        {
            _ = change.SetAddAsync(FoundStore.ReplacedKey, recorded.JournalId);
        }

        return await change.ExecuteAsync()
            ? journalId
            : throw new StoreRefusedException($"{store.Name} was changed by another node at the same time: start this node again");
    }

    private static async Task CheckPolicyAsync(IDatabase redis, StoreAddress store, ILogger log)
    {
        if (await MemoryPolicy.ReadAsync(redis) is not { } policy)
        {
            log.LogWarning("{Store} does not let this user run INFO: nobody checks that it evicts no events (maxmemory-policy must be noeviction)", store.Name);
            return;
        }

        if (policy.Refusal is { } refusal)
        {
            throw new StoreRefusedException($"{store.Name} is refused: {refusal}");
        }

        if (policy.Warning is { } warning)
        {
            log.LogWarning("{Store}: {Warning}", store.Name, warning);
        }

        if (policy.Note is { } note)
        {
            log.LogInformation("{Store}: {Note}", store.Name, note);
        }
    }

    private static async Task ClaimPartitionsAsync(IDatabase redis, PartitionSettings partitions)
    {
        var stored = await FirstValueAsync(redis, PartitionsKey, Text(partitions));
        if (stored != Text(partitions))
        {
            throw new StoreRefusedException(
                $"morag.failover.partitions = {Text(partitions)} is refused: the data in this Redis was stored with {stored}, and cannot be redistributed. Use the stored numbers");
        }
    }

    /// <summary>How much Redis has to hold is for the watch to find out: some of what it holds now may not be on its disk.</summary>
    private static void Remember(JournalRecord record, string journalId, TimeProvider time)
    {
        var isSame = record.Current?.JournalId == journalId;
        try
        {
            record.BeginAnew(new RecordedJournal { JournalId = journalId, Writes = isSame ? record.Current!.Writes : 0, SeenAt = time.GetUtcNow() });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"{record.File}, where the node keeps the id of its journal, cannot be written: {e.Message}");
        }
    }

    private static async Task<string> FirstValueAsync(IDatabase database, string key, string value)
    {
        await database.StringSetAsync(key, value, when: When.NotExists);
        return (string?)await database.StringGetAsync(key)
            ?? throw new StoreRefusedException($"Redis does not keep what is written: {key} is gone at once");
    }

    private static string Text(PartitionSettings partitions) => string.Create(
        CultureInfo.InvariantCulture,
        $"queues {partitions.Queues}, coordinators {partitions.Coordinators}, directory-buckets {partitions.DirectoryBuckets}, worker-shards {partitions.WorkerShards}");
}
