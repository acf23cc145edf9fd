using System.Collections.Immutable;
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
/// Stores events in Redis. A write is stored atomically, and only if it continues the stored events. If Redis does not reply, the write
/// fails; it is never reported as rejected.
/// </summary>
public sealed partial class RedisJournal : AsyncWriteJournal
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

    /// <summary>Called by Akka.Persistence with the plugin's section of the configuration.</summary>
    /// <exception cref="ConfigurationException">A setting is missing or out of range.</exception>
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
    public override async Task<long> ReadHighestSequenceNrAsync(
        string persistenceId, long fromSequenceNr, CancellationToken cancellationToken)
    {
        KeyLayout.ValidatePersistenceId(persistenceId);
        await _appender.WaitForPendingAsync(persistenceId, cancellationToken).ConfigureAwait(false);
        var open = await _connection.OpenAsync(cancellationToken).ConfigureAwait(false);
        var (highest, duplicate) = await HighestSequenceNr.ReadWithDuplicateAsync(open, persistenceId)
            .WaitAsync(cancellationToken)
            .ConfigureAwait(false);
        if (duplicate is not { } number) return highest;
        await CreateRemoval(open, persistenceId).RunAsync(number, cancellationToken).ConfigureAwait(false);
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
            if (await CreateRemoval(open, persistenceId).RunAsync(number, CancellationToken.None).ConfigureAwait(false))
            {
                throw new RedisException(
                    $"The highest sequence number of \"{persistenceId}\" is lower now, because a failed write was removed. "
                    + "Start the actor again.");
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken)
    {
        KeyLayout.ValidatePersistenceId(persistenceId);
        await _appender.WaitForPendingAsync(persistenceId, cancellationToken).ConfigureAwait(false);
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
        EraseAsync(erase.PersistenceId, erase.SequenceNr).PipeTo(
            Sender, Self, success: () => HistoryErased.Instance, failure: cause => new Status.Failure(cause));
        return true;
    }

    private async Task EraseAsync(string persistenceId, long sequenceNr)
    {
        KeyLayout.ValidatePersistenceId(persistenceId);
        await _appender.WaitForPendingAsync(persistenceId, CancellationToken.None).ConfigureAwait(false);
        var open = await _connection.OpenAsync(CancellationToken.None).ConfigureAwait(false);
        RedisKey[] keys = [open.Keys.Events(persistenceId), open.Keys.Counter(persistenceId), open.Keys.Snapshots(persistenceId)];
        var reply = await EraseScript.RunGuardedAsync(open, keys, [sequenceNr]).ConfigureAwait(false);
        if ((long)reply == 0)
        {
            throw new InvalidOperationException(
                $"Nothing of \"{persistenceId}\" was erased: its highest sequence number is not {sequenceNr}, so another actor has written "
                + "under this id. Stop it, recover the id, and erase it again.");
        }
    }

    private ResurfacedEventRemoval CreateRemoval(OpenConnection open, string persistenceId)
        => new(open, persistenceId, _settings.ReplayPage, _log);

    private Persistent Decode(RedisKey key, SortedSetEntry entry)
    {
        try
        {
            return StoredEvent.Decode(_system, ((ReadOnlyMemory<byte>)entry.Element).Span);
        }
        catch (Exception e)
        {
            throw UnreadableEntry.Event(key, entry.Score, e);
        }
    }
}
