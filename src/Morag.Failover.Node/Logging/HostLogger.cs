using System.Collections;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using Akka.Hosting.Logging;
using HostLogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Morag.Failover.Node.Logging;

/// <summary>
/// The logger of the actor system that passes its entries to the log of the host, with the values in a message by their names. That of
/// Akka.Hosting passes only text.
/// </summary>
internal sealed class HostLogger : UntypedActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly ILoggerFactory factory = Context.System.Settings.Setup.Get<LoggerFactorySetup>().Value.LoggerFactory;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            case Akka.Event.LogEvent entry:
                Write(entry);
                break;
        }
    }

    private void Write(Akka.Event.LogEvent entry)
    {
        // The class is the category, because the host keeps each category for good, and paths of actors have no end.
        var log = factory.CreateLogger(entry.LogClass.FullName ?? nameof(Akka));
        log.Log(LevelOf(entry.LogLevel()), default, HostLogEntry.Of(entry), entry.Cause, static (state, _) => state.ToString());
    }

    private static HostLogLevel LevelOf(Akka.Event.LogLevel level) => level switch
    {
        Akka.Event.LogLevel.DebugLevel => HostLogLevel.Debug,
        Akka.Event.LogLevel.InfoLevel => HostLogLevel.Information,
        Akka.Event.LogLevel.WarningLevel => HostLogLevel.Warning,
        Akka.Event.LogLevel.ErrorLevel => HostLogLevel.Error,
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, "There is no such level."),
    };

    /// <summary>The text of an entry and its named values, in the form in which formatters of the host look for them.</summary>
    private sealed class HostLogEntry(string text, IReadOnlyList<KeyValuePair<string, object?>> values)
        : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => values.Count;

        public KeyValuePair<string, object?> this[int index] => values[index];

        public static HostLogEntry Of(Akka.Event.LogEvent entry)
        {
            var values = new List<KeyValuePair<string, object?>> { new("ActorPath", entry.LogSource) };
            if (entry.Message is LogMessage message)
            {
                values.AddRange(message.GetProperties().Select(value => KeyValuePair.Create(value.Key, (object?)value.Value)));
            }

            return new(entry.Message?.ToString() ?? "", values);
        }

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => values.GetEnumerator();

        public override string ToString() => text;

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
