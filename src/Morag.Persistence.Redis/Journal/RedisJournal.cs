using System.Collections.Immutable;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Layout;
using Morag.Persistence.Redis.Retention;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Stores events in Redis. A write is stored whole or not at all, and only if it continues what is stored; when Redis
/// does not answer, the write fails, and is never reported as rejected.
/// </summary>
public sealed class RedisJournal : AsyncWriteJournal
{
    private const int SequenceNrsPerDelete = 5000;

    private static readonly RedisScript DeleteScript = RedisScript.Load("delete");
    private static readonly RedisScript EraseScript = RedisScript.Load("erase");

    private readonly ExtendedActorSystem _system = (ExtendedActorSystem)Context.System;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly JournalSettings _settings;
    private readonly RedisConnection _connection;
    private readonly EventAppender _appender;
    private readonly ReplayBudget _replayBudget;

    /// <summary>Called by Akka.Persistence with the section of the configuration that belongs to this plugin.</summary>
    /// <exception cref="ConfigurationException">A setting is missing or outside its range.</exception>
    public RedisJournal(Config config)
    {
        var path = Self.Path.Name;
        var plugin = config.WithFallback(RedisPersistence.DefaultConfig().GetConfig(RedisPersistence.JournalPluginId));
        _settings = JournalSettings.Read(plugin, path);
        var redis = RedisSettings.Read(plugin, path);
        _connection = new RedisConnection(redis);
        _appender = new EventAppender(_connection, _settings);
        _replayBudget = new ReplayBudget(_settings.ReplayBytesInFlight);
        if (RetentionSettings.Read(plugin, path) is { } retention)
            Context.ActorOf(Props.Create(() => new RetentionActor(retention, redis)), "retention");
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
    protected override Task<IImmutableList<Exception?>?> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var atomicWrites = messages as IReadOnlyList<AtomicWrite> ?? [.. messages];
        if (atomicWrites.Count == 0) return Task.FromResult<IImmutableList<Exception?>?>(null);

        KeyLayout.CheckPersistenceId(atomicWrites[0].PersistenceId);
        return FindGap(atomicWrites) is { } gap
            ? Task.FromException<IImmutableList<Exception?>?>(gap)
            : Send(atomicWrites, cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        KeyLayout.CheckPersistenceId(persistenceId);
        await _appender.SettleAsync(persistenceId, cancellationToken).ConfigureAwait(false);
        var open = await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        var (highest, disputed) = await HighestSequenceNr.ReadWithDisputeAsync(open, persistenceId).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (disputed is not { } number) return highest;
        await new ResurfacedEventRemoval(open, persistenceId, _settings.ReplayPage, _log).RemoveAsync(number, cancellationToken).ConfigureAwait(false);
        return await HighestSequenceNr.ReadAsync(open, persistenceId).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        var open = await _connection.OpenAsync(CancellationToken.None).ConfigureAwait(false);
        var events = open.Keys.Events(persistenceId);
        var left = max;
        await foreach (var page in new ReplayReader(open, events, _settings.ReplayPage, _replayBudget, RemoveResurfacedAsync)
            .ReadAsync(fromSequenceNr, toSequenceNr, max)
            .ConfigureAwait(false))
        {
            for (var i = 0; i < page.Count && left > 0; i++, left--)
                recoveryCallback(Decode(events, page[i]));
        }

        async Task RemoveResurfacedAsync(long number)
        {
            var resurfaced = new ResurfacedEventRemoval(open, persistenceId, _settings.ReplayPage, _log);
            if (await resurfaced.RemoveAsync(number, CancellationToken.None).ConfigureAwait(false))
                throw new RedisException($"The highest sequence number of \"{persistenceId}\" is a lower one after a failed write was removed. Recover it again.");
        }
    }

    /// <inheritdoc/>
    protected override async Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken)
    {
        KeyLayout.CheckPersistenceId(persistenceId);
        await _appender.SettleAsync(persistenceId, cancellationToken).ConfigureAwait(false);
        var open = await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        RedisKey[] keys = [open.Keys.Events(persistenceId), open.Keys.Counter(persistenceId)];
        bool moreLeft;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reply = await DeleteScript
                .RunGuardedAsync(open, keys, [toSequenceNr, SequenceNrsPerDelete])
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            moreLeft = (long)reply == 1;
        }
        while (moreLeft);
    }

    /// <inheritdoc/>
    protected override bool ReceivePluginInternal(object message)
    {
        if (message is not EraseHistory erase) return base.ReceivePluginInternal(message);
        EraseAsync(erase.PersistenceId, erase.SequenceNr).PipeTo(Sender, Self, success: () => HistoryErased.Instance, failure: cause => new Status.Failure(cause));
        return true;
    }

    private async Task EraseAsync(string persistenceId, long sequenceNr)
    {
        KeyLayout.CheckPersistenceId(persistenceId);
        await _appender.SettleAsync(persistenceId, CancellationToken.None).ConfigureAwait(false);
        var open = await _connection.OpenAsync(CancellationToken.None).ConfigureAwait(false);
        RedisKey[] keys = [open.Keys.Events(persistenceId), open.Keys.Counter(persistenceId), open.Keys.Snapshots(persistenceId)];
        var reply = await EraseScript.RunGuardedAsync(open, keys, [sequenceNr]).ConfigureAwait(false);
        if ((long)reply == 0)
        {
            throw new InvalidOperationException(
                $"nothing of {persistenceId} was erased: its highest sequence number is not {sequenceNr}, so it has been written to since");
        }
    }

    private static SequenceConflictException? FindGap(IReadOnlyList<AtomicWrite> writes)
    {
        for (var i = 1; i < writes.Count; i++)
        {
            if (writes[i].LowestSequenceNr != writes[i - 1].HighestSequenceNr + 1)
                return new SequenceConflictException(writes[i].PersistenceId, writes[i].LowestSequenceNr, writes[i - 1].HighestSequenceNr);
        }

        return null;
    }

    /// <summary>
    /// Sends the writes in one call, or in several one after the other where they are larger than a call may be: each of those is
    /// stored only if the one before it is.
    /// </summary>
    private Task<IImmutableList<Exception?>?> Send(IReadOnlyList<AtomicWrite> writes, CancellationToken cancellation)
    {
        var timestamp = _system.Scheduler.Now.UtcTicks;
        var entries = new RedisValue[2 * writes.Sum(static write => write.Size)];
        Exception?[]? rejections = null;
        List<PendingWrite>? earlier = null;
        var before = writes[0].LowestSequenceNr - 1;
        var last = before;
        var (start, end, bytes) = (0, 0, 0L);
        for (var i = 0; i < writes.Count; i++)
        {
            try
            {
                var encoded = Encode(writes[i], timestamp, entries.AsSpan(end));
                var size = PendingWrite.BytesOf(entries.AsSpan(end, encoded));
                if (bytes > 0 && bytes + size > _settings.WriteBatchBytes)
                {
                    (earlier ??= []).Add(new PendingWrite(writes[i].PersistenceId, before, last, entries.AsMemory(start, end - start), null, cancellation));
                    (before, start, bytes) = (last, end, 0);
                }

                end += encoded;
                bytes += size;
            }
#pragma warning disable CA1031 // Whatever a serializer throws rejects this write, and this one only.
            catch (Exception e)
#pragma warning restore CA1031
            {
                (rejections ??= new Exception?[writes.Count])[i] = e;
            }

            // The actor goes on behind the numbers of a rejected write too, so they have to count as used.
            last = writes[i].HighestSequenceNr;
        }

        var final = new PendingWrite(writes[0].PersistenceId, before, last, entries.AsMemory(start, end - start), rejections?.ToImmutableArray(), cancellation);
        earlier?.ForEach(_appender.Add);
        _appender.Add(final);
        return earlier is null ? final.Task : AllAsync([.. earlier, final]);

        // The first that failed says why; those behind it only say that they do not continue what is stored.
        static async Task<IImmutableList<Exception?>?> AllAsync(List<PendingWrite> appends) =>
            (await Task.WhenAll(appends.Select(static append => append.Task)).ConfigureAwait(false))[^1];
    }

    /// <summary>Score and member of each event.</summary>
    /// <returns>How many values these are.</returns>
    private int Encode(AtomicWrite write, long timestamp, Span<RedisValue> entries)
    {
        var filled = 0;
        foreach (var representation in (IImmutableList<IPersistentRepresentation>)write.Payload)
        {
            entries[filled++] = representation.SequenceNr;
            entries[filled++] = StoredEvent.Encode(_system, representation, timestamp);
        }

        return filled;
    }

    private Persistent Decode(RedisKey key, SortedSetEntry entry)
    {
        try
        {
            return StoredEvent.Decode(_system, ((ReadOnlyMemory<byte>)entry.Element).Span);
        }
        catch (Exception e)
        {
            throw new SerializationException($"The event with sequence number {entry.Score} in the key \"{key}\" cannot be read: {e.Message}", e);
        }
    }
}
