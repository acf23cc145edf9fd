using System.ComponentModel;
using System.Diagnostics;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>A process on Windows, which has no process groups. Killing it also kills the children that Windows can still find.</summary>
internal sealed class WindowsProcess : ICommandProcess
{
    private readonly Process process;

    private WindowsProcess(Process process)
    {
        this.process = process;
        Ended = process.WaitForExitAsync();
    }

    public int Id => process.Id;

    public Stream Input => process.StandardInput.BaseStream;

    public Stream Output => process.StandardOutput.BaseStream;

    public Stream Errors => process.StandardError.BaseStream;

    public Task Ended { get; }

    /// <summary>Starts a process.</summary>
    /// <exception cref="ProcessNotStarted">The system did not start the process.</exception>
    public static ICommandProcess Start(ProcessStart start)
    {
        var info = new ProcessStartInfo(start.Words[0], start.Words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in start.Environment)
        {
            info.Environment[name] = value;
        }

        try
        {
            return new WindowsProcess(Process.Start(info) ?? throw new ProcessNotStarted("no process was started"));
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or InvalidOperationException)
        {
            throw new ProcessNotStarted(failure.Message);
        }
    }

    public string? Signal(int signal)
    {
        try
        {
            process.Kill(entireProcessTree: true);
            return null;
        }
        catch (Exception failure) when (failure is Win32Exception or AggregateException or InvalidOperationException)
        {
            return process.HasExited ? null : failure.Message;
        }
    }

    public ProcessExit Reap() => ProcessExit.WithCode(process.ExitCode);

    public IReadOnlyList<string> Remaining() => process.HasExited ? [] : [$"{process.Id} ({process.ProcessName})"];

    public void Dispose() => process.Dispose();
}
