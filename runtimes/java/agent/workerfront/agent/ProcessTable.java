package workerfront.agent;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The processes that run, whose children they are and in whose session, as /proc has them. */
final class ProcessTable {
    static final int INIT = 1;

    private static final int SIZE = 64 * 1024; // of an environment, as far as we look
    private static final File FOLDER = new File("/proc");

    private final Map<Integer, Integer> parents = new HashMap<>();
    private final Map<Integer, Integer> sessions = new HashMap<>();

    private ProcessTable() {}

    static ProcessTable read() {
        ProcessTable table = new ProcessTable();
        for (String name : FOLDER.list()) {
            if (Character.isDigit(name.charAt(0))) {
                table.add(Integer.parseInt(name));
            }
        }
        return table;
    }

    static int self() {
        String stat = text("/proc/self/stat", 512);
        return Integer.parseInt(stat.substring(0, stat.indexOf(' ')));
    }

    Set<Integer> pids() {
        return parents.keySet();
    }

    /** Which of these it is, comes from, or has the session of; else init, or 0 when it is of another namespace. */
    int owner(int pid, Set<Integer> roots) {
        int owner = pid;
        while (owner != INIT && !roots.contains(owner) && parents.containsKey(owner)) {
            owner = parents.get(owner);
        }
        Integer session = sessions.get(pid);
        return !roots.contains(owner) && roots.contains(session) ? session : owner;
    }

    /** A variable of the environment that a process was started with; empty when it has none, or is not ours. */
    static String variable(int pid, String name) {
        String all = "\0" + text("/proc/" + pid + "/environ", SIZE) + "\0";
        int place = all.indexOf("\0" + name + "=");
        int start = place + name.length() + 2;
        return place < 0 ? "" : all.substring(start, all.indexOf('\0', start));
    }

    private void add(int pid) {
        String stat = text("/proc/" + pid + "/stat", 512);
        int end = stat.lastIndexOf(')'); // the name may hold anything
        if (end < 0 || "ZX".indexOf(stat.charAt(end + 2)) >= 0) {
            return; // it is over
        }
        String[] fields = stat.substring(end + 2).split(" ", 5); // state, parent, group, session
        parents.put(pid, Integer.parseInt(fields[1]));
        sessions.put(pid, Integer.parseInt(fields[3]));
    }

    private static String text(String path, int limit) {
        byte[] bytes = new byte[limit];
        int size = 0;
        try (InputStream in = new FileInputStream(path)) {
            int count = in.read(bytes);
            while (count > 0) {
                size += count;
                count = in.read(bytes, size, limit - size);
            }
        } catch (IOException gone) {
            return "";
        }
        return new String(bytes, 0, size, StandardCharsets.UTF_8);
    }
}
