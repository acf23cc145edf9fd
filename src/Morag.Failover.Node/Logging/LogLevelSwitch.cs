using Akka.Event;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Morag.Failover.Contracts.Fleet;
using AkkaLogLevel = Akka.Event.LogLevel;
using HostLogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Morag.Failover.Node.Logging;

/// <summary>A change of the level of the log by an operator.</summary>
/// <param name="By">The name of the operator's token.</param>
/// <param name="Reason">Why.</param>
/// <param name="Until">When the configured level comes back; null when the node stops.</param>
internal sealed record LogLevelChange(string By, string Reason, DateTimeOffset? Until);

/// <summary>The level of this node's log, which an operator can change while the node runs.</summary>
internal sealed class LogLevelSwitch(LogSeverity configured)
    : IOptionsChangeTokenSource<LoggerFilterOptions>, IConfigureOptions<LoggerFilterOptions>
{
    private ConfigurationReloadToken reload = new();
    private int current = (int)configured;
    private LogLevelChange? change;

    /// <summary>The level of the configuration.</summary>
    public LogSeverity Configured => configured;

    /// <summary>The level in force.</summary>
    public LogSeverity Current => (LogSeverity)Volatile.Read(ref current);

    /// <summary>The change by an operator; null while the level is that of the configuration.</summary>
    public LogLevelChange? Change => Volatile.Read(ref change);

    /// <inheritdoc />
    public string Name => Options.DefaultName;

    /// <summary>The severity of an entry of the actor system.</summary>
    public static LogSeverity SeverityOf(AkkaLogLevel level) => level switch
    {
        AkkaLogLevel.DebugLevel => LogSeverity.Debug,
        AkkaLogLevel.InfoLevel => LogSeverity.Info,
        AkkaLogLevel.WarningLevel => LogSeverity.Warning,
        AkkaLogLevel.ErrorLevel => LogSeverity.Error,
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, "There is no such level."),
    };

    /// <summary>Changes the level, for the host and the actor system.</summary>
    public void Set(LogSeverity level, LogLevelChange? by, LoggingBus actors)
    {
        Volatile.Write(ref current, (int)level);
        Volatile.Write(ref change, by);
        actors.SetLogLevel(level switch
        {
            LogSeverity.Debug => AkkaLogLevel.DebugLevel,
            LogSeverity.Info => AkkaLogLevel.InfoLevel,
            LogSeverity.Warning => AkkaLogLevel.WarningLevel,
            LogSeverity.Error => AkkaLogLevel.ErrorLevel,
            _ => throw new ArgumentOutOfRangeException(nameof(level), level, "There is no such level."),
        });
        Interlocked.Exchange(ref reload, new ConfigurationReloadToken()).OnReload();
    }

    /// <inheritdoc />
    public IChangeToken GetChangeToken() => Volatile.Read(ref reload);

    /// <inheritdoc />
    public void Configure(LoggerFilterOptions options)
    {
        // While nothing is changed, the configuration of the host applies, which may differ between categories.
        if (Current != configured)
        {
            options.Rules.Add(new LoggerFilterRule(null, null, HostLevel, null));
        }
    }

    private HostLogLevel HostLevel => Current switch
    {
        LogSeverity.Debug => HostLogLevel.Debug,
        LogSeverity.Info => HostLogLevel.Information,
        LogSeverity.Warning => HostLogLevel.Warning,
        LogSeverity.Error => HostLogLevel.Error,
        _ => throw new InvalidOperationException($"Unknown level {(int)Current}."),
    };
}
