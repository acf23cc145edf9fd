using System.Diagnostics;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>The exit code and the output of a run of <c>morag</c>.</summary>
internal sealed record MoragRun(int ExitCode, string Output, string Error);

/// <summary>Runs <c>morag</c> as a process without a terminal, like a script.</summary>
internal static class MoragCommand
{
    /// <summary>Runs it against a node.</summary>
    public static Task<MoragRun> RunAsync(Uri node, params IEnumerable<string> arguments) =>
        RunAsync(new Dictionary<string, string> { ["MORAG_NODE"] = node.ToString() }, arguments);

    /// <summary>Runs it with these variables, and without other MORAG_ and proxy variables.</summary>
    public static Task<MoragRun> RunAsync(IReadOnlyDictionary<string, string> variables, params IEnumerable<string> arguments) =>
        RunAsync(new ProcessStartInfo("dotnet", [Programs.Morag, .. arguments]), variables);

    /// <summary>Runs a program to its end, with an empty standard input.</summary>
    public static async Task<MoragRun> RunAsync(ProcessStartInfo start, IReadOnlyDictionary<string, string> variables)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach (var name in start.Environment.Keys.Where(IsKnown).ToList())
        {
            _ = start.Environment.Remove(name);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new MoragRun(process.ExitCode, await output, await error);
    }

    private static bool IsKnown(string name) =>
        name.StartsWith("MORAG_", StringComparison.Ordinal) || name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase);
}
