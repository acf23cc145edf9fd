using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Query;

namespace Morag.Persistence.Redis.Query;

/// <summary>Makes the read journal; Akka.Persistence.Query finds it by the <c>class</c> of the plugin's section.</summary>
/// <param name="system">The actor system that reads.</param>
/// <param name="plugin">The section of the configuration that belongs to this plugin.</param>
public sealed class RedisReadJournalProvider(ExtendedActorSystem system, Config plugin) : IReadJournalProvider
{
    /// <inheritdoc/>
    /// <exception cref="ConfigurationException">A setting is missing or outside its range.</exception>
    public IReadJournal GetReadJournal() => new RedisReadJournal(system, plugin);
}
