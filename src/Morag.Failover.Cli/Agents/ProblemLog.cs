using System.Globalization;
using Morag.Failover.Client.Workers;

namespace Morag.Failover.Cli.Agents;

/// <summary>Logs a problem when it starts or changes, and again now and then while it lasts, but not at each retry.</summary>
internal sealed class ProblemLog(AgentLog log)
{
    /// <summary>How long a problem lasts until it is logged again.</summary>
    public static readonly TimeSpan RepeatAfter = WorkerLog.RepeatAfter;

    private readonly Lock changing = new();
    private string? last;
    private DateTimeOffset since;
    private long logged;
    private bool isDue;

    /// <summary>Logs the line, unless the last problem was of the same kind and is in the log already.</summary>
    /// <param name="line">The line.</param>
    /// <param name="kind">Identifies the problem; the line itself by default.</param>
    public void Report(string line, string? kind = null)
    {
        kind ??= line;
        lock (changing)
        {
            var isNew = last != kind;
            if (!isNew && !isDue && log.Clock.GetElapsedTime(logged) < RepeatAfter)
            {
                return;
            }

            since = isNew ? log.Clock.GetLocalNow() : since;
            (last, logged, isDue) = (kind, log.Clock.GetTimestamp(), false);
            log.Write(isNew ? line : $"{line} (since {since.ToString("HH:mm:ss", CultureInfo.InvariantCulture)})");
        }
    }

    /// <summary>Logs the problem again when it is reported next, because something has changed that may hide it in the log.</summary>
    public void Remind()
    {
        lock (changing)
        {
            isDue = true;
        }
    }

    /// <summary>Ends the problem, and logs the line if there was one.</summary>
    public void Resolve(string? line = null)
    {
        lock (changing)
        {
            if (last is not null && line is not null)
            {
                log.Write(line);
            }

            (last, isDue) = (null, false);
        }
    }
}
