namespace Morag.Failover.Cli.Agents;

/// <summary>What is wrong with one kind of call now: told when it begins and when it changes, not at each try.</summary>
internal sealed class ProblemLog(AgentLog log)
{
    private string? last;

    /// <param name="line">What is told.</param>
    /// <param name="kind">What makes it the same trouble as before; without it, the line.</param>
    public void Report(string line, string? kind = null)
    {
        kind ??= line;
        if (Interlocked.Exchange(ref last, kind) != kind)
        {
            log.Write(line);
        }
    }

    /// <summary>It works again. <paramref name="line"/> is told where there was trouble.</summary>
    public void Resolve(string? line = null)
    {
        if (Interlocked.Exchange(ref last, null) is not null && line is not null)
        {
            log.Write(line);
        }
    }
}
