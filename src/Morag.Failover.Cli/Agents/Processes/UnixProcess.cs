using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Morag.Failover.Cli.Agents.Processes;

/// <summary>
/// A process in its own session, started with <c>posix_spawn</c>. .NET cannot start a session, does not distinguish a signal from an exit
/// code, and reaps a process before its group is signalled.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed class UnixProcess : ICommandProcess
{
    private readonly AnonymousPipeServerStream input;
    private readonly AnonymousPipeServerStream? output;
    private readonly AnonymousPipeServerStream? errors;
    private bool reaped;

    private UnixProcess(
        int id, AnonymousPipeServerStream input, AnonymousPipeServerStream? output, AnonymousPipeServerStream? errors)
    {
        Id = id;
        this.input = input;
        this.output = output;
        this.errors = errors;
        Ended = UnixChildren.Instance.EndOf(id);
    }

    public int Id { get; }

    public Stream Input => input;

    public Stream Output => output ?? Stream.Null;

    public Stream Errors => errors ?? Stream.Null;

    public Task Ended { get; }

    /// <summary>Starts a process.</summary>
    /// <exception cref="ProcessNotStarted">The system did not start the process.</exception>
    public static ICommandProcess Start(ProcessStart start)
    {
        AnonymousPipeServerStream? input = null, output = null, errors = null;
        try
        {
            input = Pipe(PipeDirection.Out);
            output = start.ReadsOutput ? Pipe(PipeDirection.In) : null;
            errors = start.ReadsOutput ? Pipe(PipeDirection.In) : null;
            var id = Spawn(start, [input.ClientSafePipeHandle, output?.ClientSafePipeHandle, errors?.ClientSafePipeHandle]);
            return new UnixProcess(id, input, output, errors);
        }
        catch (Exception failure) when (failure is IOException or ProcessNotStarted)
        {
            input?.Dispose();
            output?.Dispose();
            errors?.Dispose();
            throw failure as ProcessNotStarted ?? new ProcessNotStarted(failure.Message);
        }
        finally
        {
            input?.DisposeLocalCopyOfClientHandle();
            output?.DisposeLocalCopyOfClientHandle();
            errors?.DisposeLocalCopyOfClientHandle();
        }
    }

    public string? Signal(int signal)
    {
        if (Posix.Kill(-Id, signal) == 0)
        {
            return null;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == Posix.NoSuchProcess ? null : Posix.Describe(error);
    }

    public ProcessExit Reap()
    {
        reaped = true;
        return UnixChildren.Reap(Id);
    }

    public IReadOnlyList<string> Remaining() => ProcessGroup.Running(Id);

    public void Dispose()
    {
        input.Dispose();
        output?.Dispose();
        errors?.Dispose();
        if (!reaped)
        {
            _ = Ended.ContinueWith(_ => UnixChildren.Reap(Id), TaskScheduler.Default);
        }
    }

    private static AnonymousPipeServerStream Pipe(PipeDirection direction) => new(direction, HandleInheritability.None);

    private static unsafe int Spawn(ProcessStart start, ReadOnlySpan<SafeHandle?> streams)
    {
        var actions = stackalloc long[Posix.LargestStructure / sizeof(long)];
        var attributes = stackalloc long[Posix.LargestStructure / sizeof(long)];
        using var texts = new NativeTexts();
        Check(Posix.InitActions(actions));
        Check(Posix.InitAttributes(attributes));
        try
        {
            var nothing = texts.Add("/dev/null");
            for (var target = 0; target < streams.Length; target++)
            {
                Check(streams[target] is { } stream
                    ? Posix.AddDuplicate(actions, (int)stream.DangerousGetHandle(), target)
                    : Posix.AddOpen(actions, target, nothing, Posix.OpenReadWrite, 0));
            }

            SetSession(attributes);
            var error = Posix.Spawn(
                out var id,
                texts.Add(start.Words[0]),
                actions,
                attributes,
                texts.Array(start.Words),
                texts.Array(start.Environment.Select(variable => $"{variable.Key}={variable.Value}")));
            return error == 0 ? id : throw new ProcessNotStarted(Posix.Describe(error), tooLarge: error == Posix.ArgumentsTooLong);
        }
        finally
        {
            _ = Posix.DestroyActions(actions);
            _ = Posix.DestroyAttributes(attributes);
        }
    }

    // .NET ignores SIGPIPE, and the command would inherit that.
    private static unsafe void SetSession(void* attributes)
    {
        var signals = stackalloc long[Posix.LargestStructure / sizeof(long)];
        Check(Posix.EmptySignals(signals));
        Check(Posix.SetSignalMask(attributes, signals));
        Check(Posix.AddSignal(signals, SignalNames.BrokenPipe));
        Check(Posix.SetDefaultSignals(attributes, signals));
        Check(Posix.SetFlags(
            attributes, (short)(Posix.SpawnDefaultSignals | Posix.SpawnSignalMask | Posix.SpawnOwnSession)));
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new ProcessNotStarted(Posix.Describe(error));
        }
    }

    /// <summary>Null-terminated strings, valid until this is disposed.</summary>
    private sealed unsafe class NativeTexts : IDisposable
    {
        private readonly List<IntPtr> texts = [];
        private readonly List<IntPtr> arrays = [];

        public byte* Add(string text)
        {
            texts.Add(Marshal.StringToCoTaskMemUTF8(text));
            return (byte*)texts[^1];
        }

        public byte** Array(IEnumerable<string> words)
        {
            IntPtr[] pointers = [.. words.Select(word => (IntPtr)Add(word)), IntPtr.Zero];
            var array = Marshal.AllocCoTaskMem(pointers.Length * IntPtr.Size);
            arrays.Add(array);
            Marshal.Copy(pointers, 0, array, pointers.Length);
            return (byte**)array;
        }

        public void Dispose()
        {
            foreach (var memory in texts.Concat(arrays))
            {
                Marshal.FreeCoTaskMem(memory);
            }
        }
    }
}
