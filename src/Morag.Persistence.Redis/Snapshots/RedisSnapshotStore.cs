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

/// <summary>Stores snapshots in Redis, one for each sequence number: a later one takes the place of an earlier one.</summary>
public sealed class RedisSnapshotStore : SnapshotStore
{
    private static readonly RedisScript SupersedeScript = RedisScript.Load("supersede");

    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ConcurrentDictionary<string, Task> _saving = new();
    private readonly RedisConnection _connection;
    private SnapshotMetadata? _failedSave;

    /// <summary>Called by Akka.Persistence with the section of the configuration that belongs to this plugin.</summary>
    /// <exception cref="ConfigurationException">A setting is missing or outside its range.</exception>
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
        // The base class follows a failed save with a delete of the same metadata. Here a save is stored whole or not
        // at all, and the delete would take an earlier snapshot with the same number.
        if (message is SaveSnapshotFailure failure) _failedSave = failure.Metadata;
        return base.ReceivePluginInternal(message);
    }

    /// <inheritdoc/>
    protected override async Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        // The next save of an id begins when this one has ended: otherwise it could overtake this one while the connection is checked.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = _saving.GetValueOrDefault(metadata.PersistenceId, Task.CompletedTask);
        _saving[metadata.PersistenceId] = ended.Task;
        try
        {
            await before.WaitAsync(cancellationToken).ConfigureAwait(false);
            await SaveInTurnAsync(metadata, snapshot, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ended.SetResult();
            _ = _saving.TryRemove(KeyValuePair.Create(metadata.PersistenceId, ended.Task));
        }
    }

    private async Task SaveInTurnAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        var encoded = StoredSnapshot.Encode(_system, metadata, snapshot);
        var open = await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        await open.CheckIdentityAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var key = open.Keys.Snapshots(metadata.PersistenceId);
        var number = metadata.SequenceNr;
        // Single commands, each of which is whole after any crash: Redis would copy the snapshot into the interpreter of a
        // script and back, and a transaction that a kill cuts off can keep Garnet from recovering. In this order, so that of
        // several saves under one number the last one stays.
        var earlier = open.AskAsync(redis => redis.SortedSetRangeByScoreAsync(key, number, number, flags: CommandFlags.DemandMaster));
        var added = open.AskAsync(redis => redis.SortedSetAddAsync(key, encoded, number, CommandFlags.DemandMaster));
        // Once more behind it: a snapshot that went elsewhere must not count as saved, because the events before it are deleted then.
        await Task.WhenAll(earlier, added, open.CheckIdentityAsync()).WaitAsync(cancellationToken).ConfigureAwait(false);
        RedisValue[] superseded = [.. (await earlier.ConfigureAwait(false)).Where(snapshot => snapshot != encoded)];
        if (superseded.Length > 0)
            await SupersedeScript.RunAsync(open, [key], [number, .. superseded]).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task<SelectedSnapshot?> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        var open = await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        var key = open.Keys.Snapshots(persistenceId);
        var isRightStore = open.CheckIdentityAsync();
        SerializationException? unreadable = null;
        while (await NewestAsync(open, key, criteria, cancellationToken).ConfigureAwait(false) is { } newest)
        {
            try
            {
                await isRightStore.WaitAsync(cancellationToken).ConfigureAwait(false);
                return Reading(key, newest.Metadata.SequenceNr, () => StoredSnapshot.Decode(_system, newest.Bytes.Span));
            }
            catch (SerializationException e)
            {
                // The one before it, and the events since, say the same, as long as those were not removed.
                unreadable ??= e;
                _log.Error(e, "A snapshot of \"{0}\" cannot be read; the one before it is tried", persistenceId);
                criteria = new SnapshotSelectionCriteria(
                    newest.Metadata.SequenceNr - 1, criteria.MaxTimeStamp, criteria.MinSequenceNr, criteria.MinTimestamp);
            }
        }

        await isRightStore.WaitAsync(cancellationToken).ConfigureAwait(false);

        // If no snapshot is readable, recovery must fail: events that the snapshots covered may have been deleted.
        return unreadable is null ? null : throw unreadable;
    }

    private static async Task<StoredMember?> NewestAsync(
        OpenConnection open, RedisKey key, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        StoredMember? newest = null;
        await foreach (var member in ReadDescendingAsync(open, key, criteria, cancellationToken).ConfigureAwait(false))
        {
            // Other writers, and saves that were cut off, may have left several with one number; then the latest counts.
            if (newest is not null && member.Metadata.SequenceNr < newest.Metadata.SequenceNr) break;
            if (IsWithinTime(criteria, member.Metadata) && (newest is null || member.Metadata.Timestamp > newest.Metadata.Timestamp))
                newest = member;
            if (newest is not null && member.IsOnlyOneOfItsNumber) break;
        }

        return newest;
    }

    /// <inheritdoc/>
    protected override async Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken)
    {
        if (ReferenceEquals(metadata, _failedSave)) return;
        var time = metadata.Timestamp == DateTime.MinValue ? (DateTime?)null : StoredSnapshot.AsUtc(metadata.Timestamp);
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
                .AskAsync(redis => redis.SortedSetRemoveRangeByScoreAsync(key, criteria.MinSequenceNr, criteria.MaxSequenceNr))
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
            await open.AskAsync(redis => redis.SortedSetRemoveAsync(key, member)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>One at a time from the newest on, so that no more is read than is looked at.</summary>
    private static async IAsyncEnumerable<StoredMember> ReadDescendingAsync(
        OpenConnection open,
        RedisKey key,
        SnapshotSelectionCriteria criteria,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // The client would turn bounds around that leave nothing between them.
        if (criteria.MinSequenceNr > criteria.MaxSequenceNr) yield break;

        for (var skip = 0; ; skip++)
        {
            var found = await open
                .AskAsync(redis => redis.SortedSetRangeByScoreWithScoresAsync(
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
            // A count after the read, and not a script around both, which would copy the snapshot through its interpreter. One
            // that is saved or removed in between changes the count, but not what was read.
            var ofItsNumber = await open
                .AskAsync(redis => redis.SortedSetLengthAsync(key, sequenceNr, sequenceNr, flags: CommandFlags.DemandMaster))
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            yield return new StoredMember(ReadMetadata(bytes, sequenceNr), bytes, IsOnlyOneOfItsNumber: ofItsNumber <= 1);
        }
    }

    /// <summary>Of a member that cannot be read, only the number is known; whoever decodes it learns why.</summary>
    private static SnapshotMetadata ReadMetadata(ReadOnlyMemory<byte> bytes, long sequenceNr)
    {
        try
        {
            return StoredSnapshot.Metadata(bytes.Span);
        }
#pragma warning disable CA1031 // Bytes from elsewhere can make a reader throw anything.
        catch (Exception)
#pragma warning restore CA1031
        {
            return new SnapshotMetadata("", sequenceNr, DateTime.MinValue);
        }
    }

    private static T Reading<T>(RedisKey key, long sequenceNr, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e)
        {
            throw new SerializationException($"The snapshot with sequence number {sequenceNr} in the key \"{key}\" cannot be read: {e.Message}", e);
        }
    }

    private static bool HasNoTimeBounds(SnapshotSelectionCriteria criteria)
        => criteria.MaxTimeStamp == DateTime.MaxValue && (criteria.MinTimestamp ?? DateTime.MinValue) == DateTime.MinValue;

    private static bool IsWithinTime(SnapshotSelectionCriteria criteria, SnapshotMetadata metadata)
        => metadata.Timestamp <= StoredSnapshot.AsUtc(criteria.MaxTimeStamp)
            && metadata.Timestamp >= StoredSnapshot.AsUtc(criteria.MinTimestamp ?? DateTime.MinValue);

    private sealed record StoredMember(SnapshotMetadata Metadata, ReadOnlyMemory<byte> Bytes, bool IsOnlyOneOfItsNumber);
}
