using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>Runs <c>morag</c> on a real pseudoterminal, which <c>script</c> of util-linux opens.</summary>
internal sealed class MoragTerminal : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder shown = new();
    private readonly Task reading;

    private MoragTerminal(Process process)
    {
        this.process = process;
        reading = ReadAsync();
    }

    /// <summary>Everything that was written to the terminal, with its control sequences.</summary>
    public string Shown
    {
        get
        {
            lock (shown)
            {
                return shown.ToString();
            }
        }
    }

    /// <summary>Starts it on a terminal of 100 columns and 30 rows.</summary>
    public static MoragTerminal Start(Uri node, string home, string arguments)
    {
        // As a terminal does. A CI system may run the specs with some signals ignored, which programs inherit.
        const string Defaults = "env --default-signal=INT,HUP,QUIT";
        var start = new ProcessStartInfo("script")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "-qefc", $"tty; echo pid=$$; stty cols 100 rows 30; exec {Defaults} dotnet '{Programs.Morag}' {arguments}", "/dev/null",
            },
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MORAG_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["MORAG_NODE"] = node.ToString();
        start.Environment["HOME"] = home;
        start.Environment["TERM"] = "xterm-256color";
        start.Environment.Remove("XDG_STATE_HOME");
        return new MoragTerminal(Process.Start(start)!);
    }

    /// <summary>Types keys.</summary>
    public async Task TypeAsync(string keys)
    {
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Waits until a pattern is shown after what was shown at the last such call.</summary>
    public async Task ShowsAsync(string pattern)
    {
        var from = seen;
        await Eventually.HoldsAsync(
            () =>
            {
                var match = Regex.Match(Shown[from..], pattern);
                seen = match.Success ? from + match.Index + match.Length : from;
                return Task.FromResult(match.Success);
            },
            () => $"\"{pattern}\" is shown: {Shown[from..]}");
    }

    /// <summary>Changes the size of the terminal.</summary>
    public async Task ResizeAsync(int columns, int rows)
    {
        var device = Regex.Match(Shown, "/dev/pts/[0-9]+").Value;
        using var stty = Process.Start(
            "stty", ["-F", device, "cols", FormattableString.Invariant($"{columns}"), "rows", FormattableString.Invariant($"{rows}")]);
        await stty.WaitForExitAsync();
    }

    /// <summary>Sends a signal to <c>morag</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, Regex.Match(Shown, "pid=([0-9]+)").Groups[1].Value]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until it ends. Returns its exit code.</summary>
    public async Task<int> EndsAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await reading;
        process.Dispose();
    }

    private int seen;

    private async Task ReadAsync()
    {
        var buffer = new char[4096];
        int count;
        while ((count = await process.StandardOutput.ReadAsync(buffer)) > 0)
        {
            lock (shown)
            {
                shown.Append(buffer, 0, count);
            }
        }
    }
}

/// <summary>A theory that needs <c>script</c>, as <see cref="TerminalFactAttribute"/> says.</summary>
public sealed class TerminalTheoryAttribute : TheoryAttribute
{
    public TerminalTheoryAttribute() => Skip = new TerminalFactAttribute().Skip;
}

/// <summary>A fact that needs <c>script</c>, which Debian always has. With CI=true it is never skipped.</summary>
public sealed class TerminalFactAttribute : FactAttribute
{
    public TerminalFactAttribute() =>
        Skip = File.Exists("/usr/bin/script") || Environment.GetEnvironmentVariable("CI") == "true"
            ? null
            : "NOT TESTED: this machine has no /usr/bin/script to open a terminal";
}
