using Akka.Actor;
using Akka.Event;
using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Node.Logging;

/// <summary>
/// Passes what actors log to the <see cref="NodeLogFeed"/>, if the actor system writes its own log. If it logs through the host, the
/// <see cref="NodeLogFeedProvider"/> gets its entries.
/// </summary>
internal sealed class ActorLogListener : UntypedActor
{
    private readonly NodeLogFeed feed;
    private readonly LogLevelSwitch level;

    public ActorLogListener(NodeLogFeed feed, LogLevelSwitch level)
    {
        this.feed = feed;
        this.level = level;
    }

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(LogEvent));

    protected override void OnReceive(object message)
    {
        // An actor that started under another level still logs by it.
        if (message is LogEvent entry && LogLevelSwitch.SeverityOf(entry.LogLevel()) is var severity && severity >= level.Current)
        {
            feed.Add(severity, entry.LogSource, entry.Message?.ToString() ?? "", entry.Cause);
        }
    }
}
