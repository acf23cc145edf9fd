using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Morag.Failover.TestProcesses;

/// <summary>A .NET program as a process of its own, and what it wrote. It does not outlive this process.</summary>
public sealed class RunningProgram : IAsyncDisposable
{
    private const int MostOutputKept = 64 * 1024;

    // What a program starts inherits it, and what that starts too.
    private const string Mark = "TEST_PROGRAM";

    /// <summary>A program that has not ended after so long never will: that is a failure, and not a run of tests that never ends.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly Process process;
    private readonly string mark;
    private readonly StringBuilder output = new();

    static RunningProgram() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var processId in Running.Keys)
        {
            Signals.Send(processId, Signal.Kill);
        }
    };

    private RunningProgram(Process process, string mark)
    {
        this.process = process;
        this.mark = mark;
        Id = process.Id;
        Running[Id] = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Id { get; }

    /// <summary>Whether it ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>The end of what it wrote to its standard output and error, up to 64 Ki characters.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>Starts an assembly with the dotnet host. Settings of the product in this process's own environment are not handed on.</summary>
    public static RunningProgram Start(string assembly, params IEnumerable<string> arguments) => StartUnder([], assembly, arguments);

    /// <summary>The same by way of another program, which is given the command line of the dotnet host.</summary>
    public static RunningProgram StartUnder(IEnumerable<string> launcher, string assembly, IEnumerable<string> arguments)
    {
        string[] words = [.. launcher, "dotnet", assembly, .. arguments];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MORAG_", StringComparison.Ordinal)).ToList())
        {
            _ = start.Environment.Remove(name);
        }

        var mark = Guid.NewGuid().ToString("N");
        start.Environment[Mark] = mark;
        return new RunningProgram(Process.Start(start)!, mark);
    }

    /// <summary>The ids of the processes that it started, or that those started, and that still run; itself too.</summary>
    public IReadOnlyList<int> Family() => [.. ProcessTable.WithEnvironment(Mark, mark)];

    /// <summary>Sends it a signal.</summary>
    public void Send(Signal signal) => Signals.Send(Id, signal);

    /// <summary>Waits until it has ended and all that it wrote is read; the exit code (128 + the signal's number for a killed one).</summary>
    /// <exception cref="TimeoutException">It has not ended after five minutes.</exception>
    public async Task<int> EndedAsync()
    {
        await process.WaitForExitAsync().WaitAsync(LongestWait);
        _ = Running.TryRemove(Id, out _);
        return process.ExitCode;
    }

    /// <summary>Ends it as kill -9 does, frozen or not, and returns once it is gone.</summary>
    public async Task KillAsync()
    {
        Send(Signal.Kill);
        _ = await EndedAsync();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (output)
        {
            _ = output.Append(line).Append('\n');
            if (output.Length > MostOutputKept)
            {
                _ = output.Remove(0, output.Length - MostOutputKept);
            }
        }
    }
}
