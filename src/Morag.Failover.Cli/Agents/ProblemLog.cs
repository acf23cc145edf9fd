namespace Morag.Failover.Cli.Agents;

/// <summary>Logs a problem when it starts or changes, but not at each retry.</summary>
internal sealed class ProblemLog(AgentLog log)
{
    private string? last;

    /// <summary>Logs the line unless the last problem was of the same kind.</summary>
    /// <param name="line">The line.</param>
    /// <param name="kind">Identifies the problem; the line itself by default.</param>
    public void Report(string line, string? kind = null)
    {
        kind ??= line;
        if (Interlocked.Exchange(ref last, kind) != kind)
        {
            log.Write(line);
        }
    }

    /// <summary>Ends the problem, and logs the line if there was one.</summary>
    public void Resolve(string? line = null)
    {
        if (Interlocked.Exchange(ref last, null) is not null && line is not null)
        {
            log.Write(line);
        }
    }
}
