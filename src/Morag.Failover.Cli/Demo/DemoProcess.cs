using System.Diagnostics;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.Agents.Processes;

namespace Morag.Failover.Cli.Demo;

/// <summary>A process that the demo started. It does not outlive the demo, however the demo ends.</summary>
internal sealed class DemoProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(20);

    private readonly Guardian guardian;
    private readonly Process process;

    private DemoProcess(Guardian guardian, Process process)
    {
        this.guardian = guardian;
        this.process = process;
    }

    public bool HasExited => process.HasExited;

    /// <summary>Starts a program, and passes each line of its output to <paramref name="line"/>.</summary>
    public static DemoProcess Start(
        Guardian guardian, IReadOnlyList<string> words, IReadOnlyDictionary<string, string> environment, Action<string> line)
    {
        // In its own session, so that Ctrl-C reaches only the demo, which then stops the process gracefully.
        string[] all = SessionLeader.Tool is { } leader ? [leader, .. words] : [.. words];
        var start = new ProcessStartInfo(all[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in all[1..])
        {
            start.ArgumentList.Add(word);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, output) => Forward(output.Data);
        process.ErrorDataReceived += (_, output) => Forward(output.Data);
        process.Start();
        guardian.Watch(process.Id);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        return new DemoProcess(guardian, process);

        void Forward(string? text)
        {
            if (text is not null)
            {
                line(text);
            }
        }
    }

    /// <summary>Kills the process like <c>kill -9</c>.</summary>
    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            if (OperatingSystem.IsWindows())
            {
                process.Kill(entireProcessTree: true);
            }
            else
            {
                _ = Posix.Kill(process.Id, SignalNames.Terminate);
            }

            using var grace = new CancellationTokenSource(StopGrace);
            try
            {
                await process.WaitForExitAsync(grace.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        guardian.Forget(process.Id);
        process.Dispose();
    }
}
