using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Query;
using Akka.Streams.Dsl;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Query;

/// <summary>
/// Reads what the journal has stored, over a connection of its own. Nothing is read ahead of demand beyond one page.
/// Live queries outlast outages of Redis; the others fail with them. What cannot be read fails its query, and no other.
/// </summary>
public sealed class RedisReadJournal :
    ICurrentPersistenceIdsQuery,
    IPersistenceIdsQuery,
    ICurrentEventsByPersistenceIdQuery,
    IEventsByPersistenceIdQuery
{
    /// <summary>Id of the plugin, for <c>PersistenceQuery.ReadJournalFor</c>.</summary>
    public const string Identifier = RedisPersistence.ReadJournalPluginId;

    private readonly EventQuery _events;
    private readonly PersistenceIdQuery _ids;

    internal RedisReadJournal(ExtendedActorSystem system, Config plugin)
    {
        plugin = plugin.WithFallback(RedisPersistence.DefaultConfig().GetConfig(Identifier));
        var settings = ReadJournalSettings.Read(plugin, Identifier);
        var journal = plugin.GetString("write-plugin", string.Empty) is { Length: > 0 } named
            ? named
            : system.Settings.Config.GetString("akka.persistence.journal.plugin", string.Empty);
        var connection = new RedisConnection(RedisSettings.OfJournal(system, journal));
        system.RegisterOnTermination(connection.Close);

        _events = new EventQuery(system, connection, Akka.Persistence.Persistence.Instance.Apply(system).AdaptersFor(journal), settings);
        _ids = new PersistenceIdQuery(system, connection, settings);
    }

    /// <summary>Found by Akka.Persistence.Query, so that the settings need not be added by hand.</summary>
    public static Config DefaultConfiguration() => RedisPersistence.DefaultConfig();

    /// <summary>The ids of all persistent actors that have written, in no order, also of those whose events are deleted.</summary>
    public Source<string, NotUsed> CurrentPersistenceIds() => Source.From(() => _ids.CurrentAsync());

    /// <summary>The same, and then those that write for the first time. Each id comes once; the query keeps all of them.</summary>
    public Source<string, NotUsed> PersistenceIds() => Source.From(() => _ids.LiveAsync());

    /// <summary>The events of one persistence id that are stored now, in order; both bounds are included.</summary>
    /// <remarks>The offset of an event is its sequence number. Fails where Redis cannot be reached or an event cannot be read.</remarks>
    public Source<EventEnvelope, NotUsed> CurrentEventsByPersistenceId(string persistenceId, long fromSequenceNr, long toSequenceNr)
    {
        KeyLayout.CheckPersistenceId(persistenceId);
        return Source.From(() => _events.CurrentAsync(persistenceId, fromSequenceNr, toSequenceNr));
    }

    /// <summary>The same, and then those that are written, until <paramref name="toSequenceNr"/> is reached.</summary>
    /// <remarks>
    /// While Redis cannot be reached the query waits. It fails with <see cref="JournalRewoundException"/> when Redis comes back with
    /// less than it had, and where an event cannot be read.
    /// </remarks>
    public Source<EventEnvelope, NotUsed> EventsByPersistenceId(string persistenceId, long fromSequenceNr, long toSequenceNr)
    {
        KeyLayout.CheckPersistenceId(persistenceId);
        return Source.From(() => _events.LiveAsync(persistenceId, fromSequenceNr, toSequenceNr));
    }
}
