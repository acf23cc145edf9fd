using System.Collections.Concurrent;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Snapshot;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Snapshots;

/// <summary>Stores snapshots in Redis, one per sequence number: a later snapshot replaces an earlier one with the same number.</summary>
public sealed class RedisSnapshotStore : SnapshotStore
{
    private static readonly RedisScript SupersedeScript = RedisScript.Load("supersede");

    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ConcurrentDictionary<string, Task> _saving = new();
    private readonly RedisConnection _connection;
    private SnapshotMetadata? _failedSave;

    /// <summary>Called by Akka.Persistence with the plugin's section of the configuration.</summary>
    /// <exception cref="ConfigurationException">A setting is missing or out of range.</exception>
    public RedisSnapshotStore(Config config)
    {
        var plugin = config.WithFallback(RedisPersistence.DefaultConfig().GetConfig(RedisPersistence.SnapshotStorePluginId));
        _connection = new RedisConnection(RedisSettings.Read(plugin, Self.Path.Name));
    }

    /// <inheritdoc/>
    public override async Task<PersistenceHealthCheckResult> CheckHealthAsync(CancellationToken cancellationToken = default)
    {
        var breaker = await base.CheckHealthAsync(cancellationToken).ConfigureAwait(false);
        return await _connection.CheckHealthAsync(breaker, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _connection.Close();
        base.PostStop();
    }

    /// <inheritdoc/>
    protected override bool ReceivePluginInternal(object message)
    {
        // After a failed save, the base class deletes the snapshot with the same metadata. Saves are atomic here, so this would delete an
        // earlier snapshot with the same number.
        if (message is SaveSnapshotFailure failure) _failedSave = failure.Metadata;
        return base.ReceivePluginInternal(message);
    }

    /// <inheritdoc/>
    protected override async Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        // Saves of one id run one after the other. Otherwise the next one could overtake this one while the identity is checked.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = _saving.GetValueOrDefault(metadata.PersistenceId, Task.CompletedTask);
        _saving[metadata.PersistenceId] = ended.Task;
        try
        {
            await before.WaitAsync(cancellationToken).ConfigureAwait(false);
            await SaveOneAsync(metadata, snapshot, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ended.SetResult();
            _ = _saving.TryRemove(KeyValuePair.Create(metadata.PersistenceId, ended.Task));
        }
    }

    private async Task SaveOneAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        var encoded = StoredSnapshot.Encode(_system, metadata, snapshot);
        var open = await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        await open.CheckIdentityAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var key = open.Keys.Snapshots(metadata.PersistenceId);
        var number = metadata.SequenceNr;
        // Single commands, each of which is atomic. A script would copy the snapshot into its interpreter and back, and a transaction that
        // a kill interrupts can prevent Garnet from recovering. In this order, the last of several saves under one number stays.
        var earlier = open.ExecuteAsync(redis => redis.SortedSetRangeByScoreAsync(key, number, number, flags: CommandFlags.DemandMaster));
        var added = open.ExecuteAsync(redis => redis.SortedSetAddAsync(key, encoded, number, CommandFlags.DemandMaster));
        // Checked again afterwards: the actor deletes events once their snapshot is saved, so one in another store must not count.
        await Task.WhenAll(earlier, added, open.CheckIdentityAsync()).WaitAsync(cancellationToken).ConfigureAwait(false);
        RedisValue[] superseded = [.. (await earlier.ConfigureAwait(false)).Where(snapshot => snapshot != encoded)];
        if (superseded.Length > 0)
        {
            await SupersedeScript.RunAsync(open, [key], [number, .. superseded])
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    protected override async Task<SelectedSnapshot?> LoadAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        var open = await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        var key = open.Keys.Snapshots(persistenceId);
        var identityCheck = open.CheckIdentityAsync();
        SerializationException? unreadable = null;
        while (await FindNewestAsync(open, key, criteria, cancellationToken).ConfigureAwait(false) is { } newest)
        {
            try
            {
                await identityCheck.WaitAsync(cancellationToken).ConfigureAwait(false);
                return Decode(key, newest);
            }
            catch (SerializationException e)
            {
                // The previous snapshot and the events since are equivalent, unless those events were deleted.
                unreadable ??= e;
                _log.Error(e, "A snapshot of \"{0}\" cannot be read; trying the previous one", persistenceId);
                criteria = new SnapshotSelectionCriteria(
                    newest.Metadata.SequenceNr - 1, criteria.MaxTimeStamp, criteria.MinSequenceNr, criteria.MinTimestamp);
            }
        }

        await identityCheck.WaitAsync(cancellationToken).ConfigureAwait(false);

        // If no snapshot is readable, recovery must fail, because the events that the snapshots covered may have been deleted.
        return unreadable is null ? null : throw unreadable;
    }

    private static async Task<StoredMember?> FindNewestAsync(
        OpenConnection open, RedisKey key, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        StoredMember? newest = null;
        await foreach (var member in ReadDescendingAsync(open, key, criteria, cancellationToken).ConfigureAwait(false))
        {
            // Other writers and interrupted saves may have left several snapshots with one number. The latest of them counts.
            if (newest is not null && member.Metadata.SequenceNr < newest.Metadata.SequenceNr) break;
            if (IsWithinTime(criteria, member.Metadata) && (newest is null || member.Metadata.Timestamp > newest.Metadata.Timestamp))
                newest = member;
            if (newest is not null && member.IsUnique) break;
        }

        return newest;
    }

    /// <inheritdoc/>
    protected override async Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken)
    {
        if (ReferenceEquals(metadata, _failedSave)) return;
        var time = metadata.Timestamp == DateTime.MinValue ? (DateTime?)null : StoredSnapshot.ToUtc(metadata.Timestamp);
        var criteria = new SnapshotSelectionCriteria(metadata.SequenceNr, time ?? DateTime.MaxValue, metadata.SequenceNr, time);
        await DeleteAsync(metadata.PersistenceId, criteria, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        var open = await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        await open.CheckIdentityAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var key = open.Keys.Snapshots(persistenceId);
        if (HasNoTimeBounds(criteria))
        {
            await open
                .ExecuteAsync(redis => redis.SortedSetRemoveRangeByScoreAsync(key, criteria.MinSequenceNr, criteria.MaxSequenceNr))
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        var removed = new List<RedisValue>();
        await foreach (var member in ReadDescendingAsync(open, key, criteria, cancellationToken).ConfigureAwait(false))
        {
            if (IsWithinTime(criteria, member.Metadata)) removed.Add(member.Bytes);
        }

        foreach (var member in removed)
            await open.ExecuteAsync(redis => redis.SortedSetRemoveAsync(key, member)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the snapshots one at a time, newest first, because each may be large and the caller may stop early.</summary>
    private static async IAsyncEnumerable<StoredMember> ReadDescendingAsync(
        OpenConnection open,
        RedisKey key,
        SnapshotSelectionCriteria criteria,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The client would swap bounds that exclude everything.
        if (criteria.MinSequenceNr > criteria.MaxSequenceNr) yield break;

        for (var skip = 0; ; skip++)
        {
            var found = await open
                .ExecuteAsync(redis => redis.SortedSetRangeByScoreWithScoresAsync(
                    key,
                    criteria.MinSequenceNr,
                    criteria.MaxSequenceNr,
                    order: Order.Descending,
                    skip: skip,
                    take: 1,
                    flags: CommandFlags.DemandMaster))
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            if (found.Length == 0) yield break;
            ReadOnlyMemory<byte> bytes = (byte[])found[0].Element!;
            var sequenceNr = (long)found[0].Score;
            // A separate count, because a script around both would copy the snapshot through its interpreter. A save or delete in between
            // changes the count, but not the snapshot that was read.
            var withSameNumber = await open
                .ExecuteAsync(redis => redis.SortedSetLengthAsync(key, sequenceNr, sequenceNr, flags: CommandFlags.DemandMaster))
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            yield return new StoredMember(ReadMetadata(bytes, sequenceNr), bytes, IsUnique: withSameNumber <= 1);
        }
    }

    /// <summary>Reads the metadata. For an unreadable snapshot only the number is known, and decoding it will throw.</summary>
    private static SnapshotMetadata ReadMetadata(ReadOnlyMemory<byte> bytes, long sequenceNr)
    {
        try
        {
            return StoredSnapshot.DecodeMetadata(bytes.Span);
        }
#pragma warning disable CA1031 // Arbitrary bytes can make the reader throw any exception.
        catch (Exception)
#pragma warning restore CA1031
        {
            return new SnapshotMetadata("", sequenceNr, DateTime.MinValue);
        }
    }

    private SelectedSnapshot Decode(RedisKey key, StoredMember member)
    {
        try
        {
            return StoredSnapshot.Decode(_system, member.Bytes.Span);
        }
        catch (Exception e)
        {
            throw UnreadableEntry.Snapshot(key, member.Metadata.SequenceNr, e);
        }
    }

    private static bool HasNoTimeBounds(SnapshotSelectionCriteria criteria)
        => criteria.MaxTimeStamp == DateTime.MaxValue && (criteria.MinTimestamp ?? DateTime.MinValue) == DateTime.MinValue;

    private static bool IsWithinTime(SnapshotSelectionCriteria criteria, SnapshotMetadata metadata)
        => metadata.Timestamp <= StoredSnapshot.ToUtc(criteria.MaxTimeStamp)
            && metadata.Timestamp >= StoredSnapshot.ToUtc(criteria.MinTimestamp ?? DateTime.MinValue);

    private sealed record StoredMember(SnapshotMetadata Metadata, ReadOnlyMemory<byte> Bytes, bool IsUnique);
}
