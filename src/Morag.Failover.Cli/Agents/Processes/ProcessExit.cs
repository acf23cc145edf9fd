namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>How a process ended: by exiting with a code, or by a signal. Neither where its status was lost.</summary>
internal readonly record struct ProcessExit(int? Code, int? Signal)
{
    public static readonly ProcessExit Lost;

    public static ProcessExit WithCode(int code) => new(code, null);

    public static ProcessExit BySignal(int signal) => new(null, signal);
}
