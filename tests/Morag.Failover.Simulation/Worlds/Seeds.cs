using System.Security.Cryptography;

namespace Morag.Failover.Simulation.Worlds;

/// <summary>Seeds of simulations.</summary>
internal static class Seeds
{
    /// <summary>A seed that was probably never used.</summary>
    public static ulong Fresh() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));

    /// <summary>The seed of one stream of random numbers of a simulation.</summary>
    public static int Mix(ulong seed, int stream)
    {
        // The finalizer of SplitMix64.
        var mixed = seed + ((ulong)(uint)stream * 0x9E3779B97F4A7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (int)(mixed ^ (mixed >> 31));
    }
}
