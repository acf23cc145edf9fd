namespace Morag.Failover.Cli.CommandLine;

/// <summary>Ends a command with an exit code and a message for the user.</summary>
internal sealed class CommandFailure(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static CommandFailure Usage(string message) => new(CommandLine.ExitCode.Usage, message);
}
