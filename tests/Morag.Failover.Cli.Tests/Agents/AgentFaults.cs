using System.Text;
using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.Agents.Processes;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>Faults to inject into a running agent.</summary>
internal sealed class AgentFaults
{
    /// <summary>Thrown instead of starting a process, unless null.</summary>
    public Func<Exception?> OnLaunch { get; set; } = () => null;

    /// <summary>Replaces a started process.</summary>
    public Func<ICommandProcess, ICommandProcess> OnStarted { get; set; } = process => process;

    /// <summary>Thrown by each write to the spool, unless null.</summary>
    public Func<Exception?> OnSpool { get; set; } = () => null;

    /// <summary>Thrown by each write to the log, unless null.</summary>
    public Func<Exception?> OnLog { get; set; } = () => null;

    public ProcessLauncher Around(ProcessLauncher launch) => start => OnLaunch() is { } failure ? throw failure : OnStarted(launch(start));

    public ISpoolFile Around(ISpoolFile file) => new FaultySpool(file, this);

    public TextWriter Around(TextWriter writer) => new FaultyWriter(writer, this);

    private sealed class FaultySpool(ISpoolFile file, AgentFaults faults) : ISpoolFile
    {
        public long Length => file.Length;

        public IEnumerable<byte[]> ReadLines() => file.ReadLines();

        public void Append(byte[] line)
        {
            Throw();
            file.Append(line);
        }

        public void Replace(IEnumerable<byte[]> lines)
        {
            Throw();
            file.Replace(lines);
        }

        public void Dispose() => file.Dispose();

        private void Throw()
        {
            if (faults.OnSpool() is { } failure)
            {
                throw failure;
            }
        }
    }

    private sealed class FaultyWriter(TextWriter writer, AgentFaults faults) : TextWriter
    {
        public override Encoding Encoding => writer.Encoding;

        public override void WriteLine(string? value)
        {
            if (faults.OnLog() is { } failure)
            {
                throw failure;
            }

            writer.WriteLine(value);
        }
    }
}

/// <summary>A real process with some steps that fail.</summary>
internal class FaultyProcess(ICommandProcess process) : ICommandProcess
{
    public int Id => process.Id;

    public virtual Stream Input => process.Input;

    public virtual Stream Output => process.Output;

    public virtual Stream Errors => process.Errors;

    public virtual Task Ended => process.Ended;

    public virtual string? Signal(int signal) => process.Signal(signal);

    public virtual ProcessExit Reap() => process.Reap();

    public virtual IReadOnlyList<string> Remaining() => process.Remaining();

    public virtual void Dispose() => process.Dispose();
}

/// <summary>A stream that fails after some bytes.</summary>
internal sealed class FailingStream(int goodBytes, Stream? taker = null) : MemoryStream(new byte[goodBytes])
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await base.ReadAsync(buffer, cancellationToken);
        return read > 0 ? read : throw new IOException("the pipe broke");
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // The first line lets the command start.
        await taker!.WriteAsync(buffer[..(buffer.Span.IndexOf((byte)'\n') + 1)], cancellationToken);
        throw new IOException("the pipe broke");
    }
}
