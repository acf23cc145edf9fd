namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>How a process ended: with an exit code or by a signal. Both are null if the status was lost.</summary>
internal readonly record struct ProcessExit(int? Code, int? Signal)
{
    public static readonly ProcessExit Lost;

    public static ProcessExit WithCode(int code) => new(code, null);

    public static ProcessExit BySignal(int signal) => new(null, signal);
}
