namespace Morag.Failover.Cli.CommandLine;

/// <summary>A command cannot go on, for a reason that is told to the user as it is.</summary>
internal sealed class CommandFailure(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static CommandFailure Usage(string message) => new(CommandLine.ExitCode.Usage, message);
}
