using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Morag.Failover.TestProcesses;

/// <summary>A .NET program in its own process, with its output. It does not outlive this process.</summary>
public sealed class RunningProgram : IAsyncDisposable
{
    private const int UsualOutputKept = 64 * 1024;

    // All descendants of the program inherit this variable.
    private const string Mark = "TEST_PROGRAM";

    // Turns a program that never ends into a test failure.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private const int MostShownOfEach = 8 * 1024;

    private static readonly ConcurrentDictionary<int, RunningProgram> Running = new();

    private readonly Process process;
    private readonly string commandLine;
    private readonly string mark;
    private readonly StringBuilder output = new();
    private readonly int outputKept;

    // Since .NET 10, a signal that ends this process raises no ProcessExit.
    private static readonly IReadOnlyList<PosixSignalRegistration> Endings =
    [
        .. new[] { PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGINT }
            .Select(static signal => PosixSignalRegistration.Create(signal, static _ => KillAll())),
    ];

    static RunningProgram() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => KillAll();

    private RunningProgram(Process process, string commandLine, string mark, int outputKept)
    {
        this.outputKept = outputKept;
        this.process = process;
        this.commandLine = commandLine;
        this.mark = mark;
        Id = process.Id;
        Running[Id] = this;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Id { get; }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>The end of its standard output and error: 65,536 characters, unless the start said how many.</summary>
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

    /// <summary>The last output of every program that this process has started and that still runs, for failure messages.</summary>
    public static string OutputOfAll() => string.Concat(Running.Values.OrderBy(program => program.Id).Select(program =>
    {
        var output = program.Output;
        return $"\n--- process {program.Id}: {program.commandLine}\n{output[Math.Max(0, output.Length - MostShownOfEach)..]}";
    }));

    /// <summary>Starts an assembly with the dotnet host. It does not inherit MORAG_ variables.</summary>
    public static RunningProgram Start(string assembly, params IEnumerable<string> arguments) => StartUnder([], assembly, arguments);

    /// <summary>Starts an assembly with a launcher, which gets the command line of the dotnet host.</summary>
    /// <param name="launcher">The launcher and its arguments; empty for none.</param>
    /// <param name="assembly">The assembly.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables besides those of this process.</param>
    /// <param name="outputKept">How many characters of its output to keep.</param>
    public static RunningProgram StartUnder(
        IEnumerable<string> launcher,
        string assembly,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        int outputKept = UsualOutputKept) =>
        StartCommand([.. launcher, "dotnet", assembly, .. arguments], environment ?? new Dictionary<string, string>(), outputKept);

    /// <summary>Starts any program with further variables. It does not inherit MORAG_ variables.</summary>
    public static RunningProgram StartCommand(
        IReadOnlyList<string> words, IReadOnlyDictionary<string, string> environment, int outputKept = UsualOutputKept)
    {
        var start = new ProcessStartInfo(words[0], words.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MORAG_", StringComparison.Ordinal)).ToList())
        {
            _ = start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var mark = Guid.NewGuid().ToString("N");
        start.Environment[Mark] = mark;
        return new RunningProgram(Process.Start(start)!, string.Join(' ', words), mark, outputKept);
    }

    /// <summary>The ids of this process and its running descendants.</summary>
    public IReadOnlyList<int> Family() => [.. ProcessTable.WithEnvironment(Mark, mark)];

    /// <summary>Sends it a signal.</summary>
    public void Send(Signal signal) => Signals.Send(Id, signal);

    /// <summary>Waits until it has ended and its output is read. Returns the exit code, or 128 plus the signal that killed it.</summary>
    /// <exception cref="TimeoutException">It did not end within five minutes.</exception>
    public async Task<int> EndedAsync()
    {
        await process.WaitForExitAsync().WaitAsync(LongestWait);
        _ = Running.TryRemove(Id, out _);
        return process.ExitCode;
    }

    /// <summary>Kills it with SIGKILL, and returns when it is gone.</summary>
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

    private static void KillAll()
    {
        foreach (var processId in Running.Keys)
        {
            Signals.Send(processId, Signal.Kill);
        }

        GC.KeepAlive(Endings);
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
            if (output.Length > outputKept)
            {
                _ = output.Remove(0, output.Length - outputKept);
            }
        }
    }
}
