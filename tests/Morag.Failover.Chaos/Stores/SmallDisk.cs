using System.Diagnostics;
using System.Globalization;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Chaos.Stores;

/// <summary>A disk in memory that can be filled. It needs root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Prefix = "morag-chaos-";
    private const int Chunk = 1 << 20;

    private readonly string folder;

    private SmallDisk(string folder)
    {
        this.folder = folder;
    }

    private string Filler => Path.Combine(folder, "filler");

    /// <summary>Mounts a disk, and removes those that killed runs have left.</summary>
    /// <param name="folder">Its folder, which is created.</param>
    public static SmallDisk MountAt(string folder)
    {
        RemoveLeftovers();
        Directory.CreateDirectory(folder);
        var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}");
        return Run("mount", "-t", "tmpfs", "-o", "size=512m", name, folder)
            ? new SmallDisk(folder)
            : throw new InvalidOperationException($"A disk could not be mounted at {folder}");
    }

    /// <summary>Whether a disk can be mounted.</summary>
    public static bool CanBeMounted()
    {
        if (Environment.UserName != "root")
        {
            return false;
        }

        var tried = Directory.CreateTempSubdirectory("morag-chaos-");
        try
        {
            using var disk = MountAt(tried.FullName);
            return true;
        }
        catch (Exception refused) when (refused is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
        finally
        {
            tried.Delete();
        }
    }

    /// <summary>Leaves no room on it.</summary>
    public void Fill()
    {
        var zeros = new byte[Chunk];
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = Chunk; size > 0; size /= 2)
        {
            try
            {
                while (true)
                {
                    file.Write(zeros, 0, size);
                }
            }
            catch (IOException)
            {
                // Full, except for less than this size.
            }
        }
    }

    /// <summary>Makes room again.</summary>
    public void Free() => File.Delete(Filler);

    /// <summary>Removes it, with what is on it.</summary>
    public void Dispose() => _ = Run("umount", "--lazy", folder);

    private static void RemoveLeftovers()
    {
        foreach (var mount in File.ReadLines("/proc/mounts").Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var words = mount.Split(' ');
            if (!Signals.Exists(int.Parse(words[0][Prefix.Length..], CultureInfo.InvariantCulture)))
            {
                _ = Run("umount", "--lazy", words[1]);
            }
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var run = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        _ = run.StandardError.ReadToEnd();
        run.WaitForExit();
        return run.ExitCode == 0;
    }
}
