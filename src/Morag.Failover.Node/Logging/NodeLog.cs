using Akka.Actor;
using Akka.Hosting;
using Akka.Hosting.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Morag.Failover.Contracts.Fleet;
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
    public static AkkaConfigurationBuilder WithNodeLog(
        this AkkaConfigurationBuilder akka, NodeOptions options, IServiceProvider services) =>
        options.LogFormat == NodeLogFormat.Text ? akka : akka
            .AddHocon("akka.stdout-loglevel = OFF", HoconAddMode.Prepend)
            .AddSetup(new LoggerFactorySetup(services.GetRequiredService<ILoggerFactory>()))
            .ConfigureLoggers(loggers =>
            {
                loggers.LogLevel = ActorLevelOf(options);
                loggers.ClearLoggers();
                loggers.AddLogger<HostLogger>();
            });

    /// <summary>Keeps what the host logs for operators, and lets its level change.</summary>
    public static ILoggingBuilder AddNodeLogFeed(this ILoggingBuilder logging, NodeLogFeed feed, LogLevelSwitch level)
    {
        logging.AddProvider(new NodeLogFeedProvider(feed));
        logging.Services.AddSingleton<IConfigureOptions<LoggerFilterOptions>>(level);
        logging.Services.AddSingleton<IOptionsChangeTokenSource<LoggerFilterOptions>>(level);
        return logging;
    }

    /// <summary>Keeps what actors log, unless they log through the host.</summary>
    public static void Feed(ActorSystem system, NodeOptions options, NodeLogFeed feed, LogLevelSwitch level)
    {
        if (options.LogFormat == NodeLogFormat.Text)
        {
            system.ActorOf(Props.Create(() => new ActorLogListener(feed, level)), "actor-log-listener");
        }
    }

    /// <summary>The configured level.</summary>
    public static LogSeverity LevelOf(NodeOptions options) => LogLevelSwitch.SeverityOf(ActorLevelOf(options));

    private static Akka.Event.LogLevel ActorLevelOf(NodeOptions options) =>
        Akka.Event.Logging.LogLevelFor(options.Configuration.GetString("akka.loglevel"));
}
