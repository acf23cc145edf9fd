using System.Diagnostics;

namespace Morag.Failover.Cli.Tests.Agents;

/// <summary>A small disk that can be filled and freed.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Kibibytes = 512;

    public SmallDisk()
    {
        Folder = Directory.CreateTempSubdirectory("morag-disk-").FullName;
        Run("mount", "-t", "tmpfs", "-o", $"size={Kibibytes}k", "morag-small-disk", Folder);
    }

    public string Folder { get; }

    /// <summary>Fills the disk completely.</summary>
    public void Fill()
    {
        using var file = new FileStream(Path.Combine(Folder, "filler"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Free() => File.Delete(Path.Combine(Folder, "filler"));

    public void Dispose()
    {
        Run("umount", "-l", Folder);
        Directory.Delete(Folder);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
