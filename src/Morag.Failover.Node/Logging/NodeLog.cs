using Akka.Hosting;
using Microsoft.Extensions.Logging.Console;
using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Logging;

/// <summary>
/// The log of a node on its standard output: text, or one JSON object for each entry. In text, the actor system writes its own lines. In
/// JSON, its entries go through the same console, so that every line is JSON.
/// </summary>
internal static class NodeLog
{
    /// <summary>Sets up the console.</summary>
    public static ILoggingBuilder AddNodeConsole(this ILoggingBuilder logging, NodeLogFormat format) => format switch
    {
        NodeLogFormat.Text => logging.AddSimpleConsole(console => console.SingleLine = true),
        NodeLogFormat.Json => logging.AddJsonConsole(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format."),
    };

    /// <summary>A log before the host exists.</summary>
    public static ILogger Create(NodeOptions options, string category) =>
        LoggerFactory.Create(logging => logging.AddNodeConsole(options.LogFormat)).CreateLogger(category);

    /// <summary>Sends the log of the actor system to the console, if it is JSON.</summary>
    public static AkkaConfigurationBuilder WithNodeLog(this AkkaConfigurationBuilder akka, NodeOptions options) =>
        options.LogFormat == NodeLogFormat.Text ? akka : akka
            .AddHocon("akka.stdout-loglevel = OFF", HoconAddMode.Prepend)
            .ConfigureLoggers(loggers =>
            {
                loggers.LogLevel = LevelOf(options);
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            });

    private static Akka.Event.LogLevel LevelOf(NodeOptions options) =>
        Akka.Event.Logging.LogLevelFor(options.Configuration.GetString("akka.loglevel"));
}
