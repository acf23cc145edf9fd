using Akka.Event;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Morag.Failover.Contracts.Fleet;
using AkkaLogLevel = Akka.Event.LogLevel;
using HostLogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Morag.Failover.Node.Logging;

/// <summary>The level of this node's log, which an operator can change while the node runs.</summary>
internal sealed class LogLevelSwitch(LogSeverity configured)
    : IOptionsChangeTokenSource<LoggerFilterOptions>, IConfigureOptions<LoggerFilterOptions>
{
    private ConfigurationReloadToken change = new();
    private int current = (int)configured;

    /// <summary>The level of the configuration.</summary>
    public LogSeverity Configured => configured;

    /// <summary>The level in force.</summary>
    public LogSeverity Current => (LogSeverity)Volatile.Read(ref current);

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
    public void Set(LogSeverity level, LoggingBus actors)
    {
        Volatile.Write(ref current, (int)level);
        actors.SetLogLevel(level switch
        {
            LogSeverity.Debug => AkkaLogLevel.DebugLevel,
            LogSeverity.Info => AkkaLogLevel.InfoLevel,
            LogSeverity.Warning => AkkaLogLevel.WarningLevel,
            LogSeverity.Error => AkkaLogLevel.ErrorLevel,
            _ => throw new ArgumentOutOfRangeException(nameof(level), level, "There is no such level."),
        });
        Interlocked.Exchange(ref change, new ConfigurationReloadToken()).OnReload();
    }

    /// <inheritdoc />
    public IChangeToken GetChangeToken() => Volatile.Read(ref change);

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
